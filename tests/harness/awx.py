"""A stand-in for the API of AWX: it keeps what is written and finds it again by its fields, and does nothing with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.harness.loopback import Server

Object = dict[str, Any]
_TEMPLATES = {"job_templates": "job_template", "projects": "project", "workflow_job_templates": "workflow_job_template"}
_WRITES = ("POST", "PATCH", "DELETE")
_UPDATED = {"status": "successful", "scm_revision": "0" * 40, "summary_fields": {}}


class Awx:
    """Objects by the name of their endpoint.

    :ivar writes: what was written, as C("POST job_templates").
    """

    def __init__(self) -> None:
        self.objects: dict[str, list[Object]] = {"organizations": [{"id": 1, "name": "Default"}]}
        self.beside: dict[str, Any] = {}
        self.writes: list[str] = []
        self._number = 1
        awx = self

        class Handler(_Handler):
            owner = awx

        self._server = Server(Handler)

    def __enter__(self) -> Awx:
        return self

    def __exit__(self, *_unused: object) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        """Where it is."""
        return self._server.url

    def named(self, endpoint: str, name: str) -> Object:
        """One object by its name, or by its identifier in a workflow."""
        return next(one for one in self.objects[endpoint] if name in (one.get("name"), one.get("identifier")))

    def related(self, endpoint: str, name: str, association: str) -> list[int]:
        """The numbers of those that an object is associated with."""
        return [one["id"] for one in self.beside.get(f"{endpoint}/{self.named(endpoint, name)['id']}/{association}", [])]

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Object) -> tuple[int, Any]:
        """The status and the content of an answer."""
        if method in _WRITES:
            self.writes.append(f"{method} {path}")
        endpoint, number, beside = re.fullmatch(r"(\w+)(?:/(\d+))?(?:/(\w+))?", path).groups()  # type: ignore[union-attr]
        if beside:
            return self._beside(method, path, body, int(number))
        if number:
            return self._single(method, endpoint, int(number), body)
        return (201, self._made(endpoint, body)) if method == "POST" else (200, _page(list(self._found(endpoint, query))))

    def _beside(self, method: str, path: str, body: Object, number: int) -> tuple[int, Any]:
        """What lies below an object: its survey, the approval that a node stands for, or others that it is associated with."""
        if path.endswith("create_approval_template"):
            made = self._made("workflow_approval_templates", body)
            node = next(one for one in self.objects["workflow_job_template_nodes"] if one["id"] == number)
            node["related"]["unified_job_template"] = made["url"]
            return 201, made
        if path.endswith("survey_spec"):
            if method == "POST":
                self.beside[path] = body
            return 200, self.beside.get(path, {})
        kept = self.beside.setdefault(path, [])
        if method == "POST":
            kept[:] = [one for one in kept if one["id"] != body["id"]] + ([] if body.get("disassociate") else [{"id": body["id"]}])
            return 204, None
        return 200, _page(kept)

    def _single(self, method: str, endpoint: str, number: int, body: Object) -> tuple[int, Any]:
        found = next(one for one in self.objects[endpoint] if one["id"] == number)
        found.update(body if method == "PATCH" else {})
        return 200, found

    def _made(self, endpoint: str, body: Object) -> Object:
        self._number += 1
        url = f"/api/v2/{endpoint}/{self._number}/"
        related = {"survey_spec": f"{url}survey_spec/"}
        made = {**body, "id": self._number, "type": endpoint.removesuffix("s"), "url": url, "related": related, **_UPDATED}
        self.objects.setdefault(endpoint, []).append(made)
        return made

    def _found(self, endpoint: str, query: Mapping[str, str]) -> Iterator[Object]:
        names = _TEMPLATES if endpoint == "unified_job_templates" else (endpoint,)
        for one in (one for name in names for one in self.objects.get(name, [])):
            if all(str(one.get(key)) == value for key, value in query.items() if key in one or key in ("name", "identifier")):
                yield one


def _page(results: list[Object]) -> Object:
    return {"count": len(results), "next": None, "previous": None, "results": results}


class _Handler(BaseHTTPRequestHandler):
    owner: Awx
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # the body follows its headers at once

    def _serve(self) -> None:
        where = urlsplit(self.path)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        path = where.path.removeprefix("/api/").removeprefix("v2/").strip("/")
        known = {"": {"current_version": "/api/v2/"}, "ping": {"version": "24.6.1"}}
        status, found = (200, known[path]) if path in known else self.owner.answer(self.command, path, dict(parse_qsl(where.query)), body)
        data = b"" if found is None else json.dumps(found).encode()
        self.send_response(status)
        for key, value in {"Content-Type": "application/json", "Content-Length": str(len(data))}.items():
            self.send_header(key, value)
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815  # the names are http.server's

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is http.server's
        """Silent."""
