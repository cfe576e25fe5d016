"""The HTTP client of probes, against a real server: imported, and as the program that containers get."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._run.probe import exec as probe_exec
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe import http_client
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe.exec import Request


class _Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"Hostname={self.headers['Host']} {self.headers.get('X-Test')} {'x' * 20000}".encode()
        self.send_response(int(self.path.strip("/") or 200))
        self.send_header("X-Responder", "echo")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is http.server's
        """Silent."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_an_answer_has_its_status_its_time_and_the_beginning_of_its_text(port: int) -> None:
    found = http_client.send(f"http://127.0.0.1:{port}/503", "GET", {"X-Test": "a b"}, 5, True, None)
    assert (found["status"], found["error"]) == (503, "")
    assert 0 < found["seconds"] < 5
    assert "X-Responder: echo" in found["text"]
    assert f"Hostname=127.0.0.1:{port} a b" in found["text"]
    assert len(found["text"]) < 2 * http_client.LIMIT


def test_another_address_can_be_asked_for_the_same_host(port: int) -> None:
    found = http_client.send(f"http://shop.invalid:{port}/", "GET", {}, 5, True, "127.0.0.1")
    assert (found["status"], f"Hostname=shop.invalid:{port}" in found["text"]) == (200, True)


def test_a_host_header_replaces_that_of_the_url(port: int) -> None:
    found = http_client.send(f"http://127.0.0.1:{port}/", "GET", {"Host": "shop.example.com"}, 5, True, None)
    assert "Hostname=shop.example.com " in found["text"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://no.such.host.invalid/", "https://127.0.0.1:1/"])
def test_no_answer_is_told_with_its_reason_and_not_raised(url: str) -> None:
    found = http_client.send(url, "GET", {}, 2, True, None)
    assert (found["status"], found["seconds"], bool(found["error"])) == (None, None, True)


def test_as_a_program_it_prints_one_answer_a_line(port: int) -> None:
    request = Request(f"http://127.0.0.1:{port}/404", headers={"X-Test": "it's"})
    command = [sys.executable, *probe_exec.python(request, 3)[1:]]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert [json.loads(line)["status"] for line in output.splitlines()] == [404, 404, 404]
    assert [answer.status for answer in probe_exec.parse_python(output)] == [404, 404, 404]
