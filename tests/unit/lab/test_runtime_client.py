"""The small API client tells what exists, what failed and why."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from lab.client import ApiError, Client
from lab.paths import LabError
from lab.pki import Authority, Pair


class Server(BaseHTTPRequestHandler):
    """Keeps objects by path, as far as the client needs it."""

    objects: ClassVar[dict[str, object]] = {}

    def do_GET(self) -> None:
        if self.path == "/readyz":
            self.answer(200, "ok")
        elif self.path in self.objects:
            self.answer(200, self.objects[self.path])
        else:
            self.answer(404, {"message": f"{self.path} not found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not body["metadata"]["name"]:
            self.answer(422, {"message": "name is required"})
            return
        self.objects[f"{self.path}/{body['metadata']['name']}"] = body
        self.answer(201, body)

    def answer(self, status: int, body: object) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "test")


@pytest.fixture
def client(authority: Authority) -> Iterator[Client]:
    Server.objects.clear()
    pair = authority.issue("server", "server", addresses=["127.0.0.1"])
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield connect(authority, f"https://127.0.0.1:{server.server_port}", authority.issue("lab", "lab"))
        server.shutdown()
        thread.join()


def connect(authority: Authority, url: str, pair: Pair) -> Client:
    return Client(url, str(authority.pair.certificate), pair, seconds=5)


def test_an_object_is_created_once(client: Client) -> None:
    body = {"metadata": {"name": "kube-dns"}}

    assert client.ensure("/api/v1/services", body) is True
    assert client.ensure("/api/v1/services", body) is False
    assert client.get("/api/v1/services/kube-dns") == body


def test_what_is_not_there_is_not_found(client: Client) -> None:
    assert not client.found("/api/v1/services/absent")


def test_an_error_names_request_status_and_reason(client: Client) -> None:
    with pytest.raises(ApiError, match="POST /api/v1/services answered 422: name is required") as caught:
        client.create("/api/v1/services", {"metadata": {"name": ""}})

    assert caught.value.status == 422
    assert isinstance(caught.value, LabError)


def test_a_server_is_ready_when_it_says_so_and_not_when_it_does_not_answer(client: Client, authority: Authority) -> None:
    silent = connect(authority, "https://127.0.0.1:9", authority.issue("lab", "lab"))

    assert client.ready()
    assert not silent.ready()
