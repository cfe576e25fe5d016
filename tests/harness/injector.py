"""An injection webhook that does to pods what istiod does, as far as labels, annotations and images tell."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self

from lab.pki import Authority
from tests.harness.loopback import Server

PROXY = "istio-proxy"
PROXY_IMAGE = "sidecar.istio.io/proxyImage"


class Injector:
    """Answers C(/REVISION) on the loopback by adding a proxy of that revision to the pod.

    :ivar versions: the version of each revision's proxies; a test may change it.
    :ivar silent: revisions that admit pods without a proxy.
    """

    def __init__(self, directory: Path, versions: Mapping[str, str]) -> None:
        self.versions = dict(versions)
        self.silent: set[str] = set()
        authority = Authority(directory, "injector")
        pair = authority.issue("webhook", "webhook", (), ("127.0.0.1",))
        self.ca_bundle = base64.b64encode(authority.pair.certificate.read_bytes()).decode()
        injector = self

        class Handler(_Handler):
            owner = injector

        self._server = Server(Handler, pair)

    def url(self, revision: str) -> str:
        """The webhook of a revision."""
        return f"{self._server.url}/{revision}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_unused: object) -> None:
        self._server.close()

    def patch(self, revision: str, pod: dict[str, Any]) -> list[dict[str, Any]]:
        """The JSON patch that makes the pod one of the mesh."""
        if revision in self.silent:
            return []
        annotations = {**(pod["metadata"].get("annotations") or {}), "istio.io/rev": revision}
        image = annotations.get(PROXY_IMAGE, f"registry.invalid/proxyv2:{self.versions[revision]}")
        proxy = {"name": PROXY, "image": image, "args": ["proxy", "sidecar"]}
        containers = [one for one in pod["spec"]["containers"] if one["name"] != PROXY]
        return [
            {"op": "add", "path": "/metadata/annotations", "value": annotations},
            {"op": "add", "path": "/spec/containers", "value": [*containers, proxy]},
        ]


class _Handler(BaseHTTPRequestHandler):
    owner: Injector
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        patch = self.owner.patch(self.path.partition("?")[0].strip("/"), review["request"]["object"])
        response: dict[str, Any] = {"uid": review["request"]["uid"], "allowed": True}
        if patch:
            response |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
        body = json.dumps({"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": response}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is http.server's
        """Silent."""
