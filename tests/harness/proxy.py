"""A proxy before an API server that counts writes and lets a test act at exactly the n-th.

Tests use it to kill a program at each of its writes: just before the API server sees it, or just after the API server did it
and before the program learns so.
"""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from tests.harness.loopback import Server

_WRITES = ("POST", "PUT", "PATCH", "DELETE")
_HOP_HEADERS = ("connection", "transfer-encoding", "content-length", "keep-alive")


def _trusting() -> ssl.SSLContext:
    """Trusts everybody. Not the default context: that reads all certificates of the host, for each request."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


_TRUSTING = _trusting()


class WriteProxy:
    """Forwards everything to an API server.

    :ivar writes: the writes that were seen, as C("PATCH /api/v1/...").
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self.writes: list[str] = []
        self._lock = threading.Lock()
        self._before: dict[int, Callable[[], None]] = {}
        self._after: dict[int, Callable[[], None]] = {}
        self._watching: dict[int, Callable[[], None]] = {}
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self._server = Server(Handler)

    @property
    def url(self) -> str:
        """Where clients connect."""
        return self._server.url

    def __enter__(self) -> WriteProxy:
        return self

    def __exit__(self, *_unused: object) -> None:
        self._server.close()

    def at(self, number: int, action: Callable[[], None], *, after: bool = False) -> None:
        """Calls the action at the n-th write (from 1): before it is forwarded, which then does not happen, or after it."""
        (self._after if after else self._before)[number] = action

    def watch(self, number: int, action: Callable[[], None]) -> None:
        """Calls the action before the n-th write (from 1), which then takes place."""
        self._watching[number] = action

    def note(self, method: str, path: str) -> tuple[Callable[[], None] | None, Callable[[], None] | None]:
        """Counts a request that writes; the actions that are due before and after it."""
        if method not in _WRITES or "dryRun=All" in path or "/leases" in path:
            return None, None
        with self._lock:
            self.writes.append(f"{method} {path.partition('?')[0]}")
            number = len(self.writes)
        self._watching.get(number, _nothing)()
        return self._before.get(number), self._after.get(number)

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """One request to the API server."""
        connection = http.client.HTTPSConnection(self._upstream.hostname or "", self._upstream.port, context=_TRUSTING, timeout=60)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


def _nothing() -> None:
    """Nobody watches."""


class _Handler(BaseHTTPRequestHandler):
    owner: WriteProxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # the body follows its headers at once

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        before, after = self.owner.note(self.command, self.path)
        if before:
            before()
            self.close_connection = True
            return
        headers = {key: value for key, value in self.headers.items() if key.lower() not in (*_HOP_HEADERS, "host")}
        status, answer, data = self.owner.forward(self.command, self.path, headers, body)
        if after:
            after()
            self.close_connection = True
            return
        self._answer(status, answer, data)

    def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        self.send_response(status)
        for key, value in headers:
            if key.lower() not in _HOP_HEADERS:
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  # the names are http.server's

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is http.server's
        """Silent."""
