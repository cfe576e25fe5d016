# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""A small HTTP client for probes: imported for those from the controller, and sent as text to containers that have Python.

So it imports nothing of this collection, and runs on Python 3.7 as well. Each request has a connection of its own.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import sys
import time
import urllib.parse
from typing import Any

LIMIT = 8192


def send(url: str, method: str, headers: dict[str, str], timeout: float, tls_verify: bool, resolve: str | None) -> dict[str, Any]:
    """One request: a dictionary with C(status), C(seconds), C(text) and C(error).

    :param timeout: seconds for connecting and for each read.
    :param resolve: the address to connect to in place of the name in the URL, which stays in the request.
    """
    parts = urllib.parse.urlsplit(url)
    started = time.monotonic()
    connection = None
    try:
        connection = _connect(parts, timeout, tls_verify, resolve)
        path = parts.path or "/"
        connection.request(method, f"{path}?{parts.query}" if parts.query else path, headers=headers)
        answer = connection.getresponse()
        body = answer.read(LIMIT)
        while answer.read(65536):
            pass
        seconds = time.monotonic() - started
        head = "".join(f"{name}: {value}\n" for name, value in answer.getheaders())
        return {"status": answer.status, "seconds": seconds, "text": f"{head}\n{body.decode('utf-8', 'replace')}", "error": ""}
    except (OSError, http.client.HTTPException, ValueError) as problem:
        return {"status": None, "seconds": None, "text": "", "error": str(problem) or type(problem).__name__}
    finally:
        if connection is not None:
            connection.close()


def _connect(parts: urllib.parse.SplitResult, timeout: float, tls_verify: bool, resolve: str | None) -> http.client.HTTPConnection:
    secure, host = parts.scheme == "https", parts.hostname or ""
    port = parts.port or (443 if secure else 80)
    connected = socket.create_connection((resolve or host, port), timeout)
    if not secure:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
        connection.sock = connected
        return connection
    context = ssl.create_default_context()
    if not tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    encrypted = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    encrypted.sock = context.wrap_socket(connected, server_hostname=host)
    return encrypted


def main() -> None:
    """In a container: the arguments as JSON, and the number of requests; one line of JSON for each answer."""
    arguments, count = json.loads(sys.argv[1]), int(sys.argv[2])
    for _turn in range(count):
        sys.stdout.write(json.dumps(send(**arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
