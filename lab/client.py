"""A minimal client of the Kubernetes API: JSON over HTTPS with a client certificate."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

from lab.paths import LabError
from lab.pki import Pair

Body = dict[str, Any]


class ApiError(LabError):
    """The API server answered with an error status."""

    def __init__(self, method: str, path: str, status: int, message: str) -> None:
        super().__init__(f"{method} {path} answered {status}: {message}")
        self.status = status


class Client:
    """Requests to one API server, each over a connection of its own."""

    def __init__(self, url: str, authority: str, pair: Pair, seconds: float = 10) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._seconds = str(parts.hostname), parts.port, seconds
        self._context = ssl.create_default_context(cafile=authority)
        self._context.load_cert_chain(pair.certificate, pair.key)

    def get(self, path: str) -> Body:
        return self.request("GET", path)

    def create(self, path: str, body: Body) -> Body:
        return self.request("POST", path, body)

    def ensure(self, path: str, body: Body) -> bool:
        """Create an object in the collection `path` unless one of its name is there; True when it was created."""
        if self.found(f"{path}/{body['metadata']['name']}"):
            return False
        self.create(path, body)
        return True

    def found(self, path: str) -> bool:
        """Whether an object is there."""
        try:
            self.get(path)
        except ApiError as error:
            if error.status != http.client.NOT_FOUND:
                raise
            return False
        return True

    def merge(self, path: str, body: Body) -> Body:
        """Change an object by a JSON merge patch."""
        return self.request("PATCH", path, body, "application/merge-patch+json")

    def ready(self) -> bool:
        """Whether the API server says it is ready."""
        try:
            return self._send("GET", "/readyz", None, "application/json")[0] == http.client.OK
        except OSError:
            return False

    def request(self, method: str, path: str, body: Body | None = None, kind: str = "application/json") -> Body:
        """One request; ApiError for an error status, OSError when the server cannot be reached."""
        status, text = self._send(method, path, body, kind)
        try:
            answer: Body = json.loads(text)
        except json.JSONDecodeError:
            answer = {"message": text.decode(errors="replace")}
        if status >= http.client.BAD_REQUEST:
            raise ApiError(method, path, status, str(answer.get("message", "")))
        return answer

    def _send(self, method: str, path: str, body: Body | None, kind: str) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=self._seconds, context=self._context)
        try:
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, path, data, {"Content-Type": kind, "Accept": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()
