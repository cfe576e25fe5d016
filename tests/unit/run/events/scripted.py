"""An API server that answers lists from what it is given, and watches as a script says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]
Watch = Callable[["Handler"], None]


class Scripted:
    """A cluster of one kind of objects.

    :ivar pods: what is listed. :ivar watches: what the next watches do, one after the other; those after them wait for the end.
    :ivar asked: the versions from which watches began. :ivar closed: whether no request is answered.
    """

    def __init__(self) -> None:
        self.pods: list[Object] = []
        self.watches: list[Watch] = []
        self.asked: list[str] = []
        self.closed = False
        self.version = 10
        self.over = threading.Event()
        owner = self

        class Bound(Handler):
            cluster = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> Scripted:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def options(self) -> dict[str, Any]:
        """The connection to it."""
        return {"host": f"http://127.0.0.1:{self._server.server_address[1]}", "api_key": "token-of-the-test"}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    cluster: Scripted

    def do_GET(self) -> None:
        """A list, a watch, or who the cluster is."""
        where = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(where.query).items()}
        if self.cluster.closed:
            self.close_connection = True
        elif "watch" in query:
            self.cluster.asked.append(query["resourceVersion"])
            script = self.cluster.watches.pop(0) if self.cluster.watches else _wait
            self._head()
            script(self)
        elif where.path.endswith("/kube-system"):
            self._whole({"metadata": {"name": "kube-system", "uid": "u"}})
        else:
            self._whole({"metadata": {"resourceVersion": str(self.cluster.version)}, "items": self.cluster.pods})

    def tell(self, happened: str, obj: Object) -> None:
        """One line of a watch."""
        self.wfile.write(json.dumps({"type": happened, "object": obj}).encode() + b"\n")

    def _head(self, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _whole(self, found: Object) -> None:
        data = json.dumps(found).encode()
        self._head(len(data))
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is http.server's
        """Silent."""


def _wait(handler: Handler) -> None:
    handler.cluster.over.wait(30)
