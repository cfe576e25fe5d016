# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Raw JSON requests to one API server over the connection that kubernetes.core configured.

The connection pool of the Python client is used directly: its own request layer changed its shape between versions, and its
object models cost ten times the time and memory of plain JSON on large lists.
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from . import errors

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

try:
    from urllib3.exceptions import HTTPError
except ImportError:  # reported by connect() before any request is made
    HTTPError = OSError  # type: ignore[misc,assignment]

CONNECT_SECONDS = 10
READ_SECONDS = 60
_BACKOFF_SECONDS = (0.5, 1.0, 2.0, 4.0)
_WARNING = re.compile(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"')
_NOISE = re.compile(r'unrecognized format \\?"')  # of the schemas in CRDs: nobody who runs a mesh can do anything about it


class Transport:
    """Requests to one API server: JSON in, JSON out.

    :ivar requests: how many requests were sent, the honest cost of a call.
    :ivar warnings: what the API server said in Warning headers, each once.
    """

    def __init__(self, client: ApiClient, cluster: str) -> None:
        self._client = client
        self._pool = client.rest_client.pool_manager
        self.host: str = client.configuration.host
        self.cluster = cluster
        self.requests = 0
        self.warnings: list[str] = []

    def own_client(self) -> ApiClient:
        """Another client of the same configuration, for use by those who patch it; a login program is not run again."""
        client = type(self._client)(self._client.configuration)
        client.default_headers.update(self._client.default_headers)
        return client

    def send(
        self,
        method: str,
        path: str,
        *,
        verb: str,
        what: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Any:
        """One request, repeated while the server is busy.

        :param verb: the word for the error message, such as C(read) or C(apply).
        :param what: the object for the error message.
        :raises errors.ApiError: an error status. :raises errors.Unreachable: no answer.
        """
        url = f"{self.host}{path}" + (f"?{urlencode(query)}" if query else "")
        payload = None if body is None else json.dumps(body).encode()
        for pause in itertools.chain(_BACKOFF_SECONDS, itertools.repeat(0.0)):
            status, headers, data = self._once(method, url, payload, content_type, accept)
            if status < 400:
                self._remember_warnings(headers)
                return json.loads(data) if data else {}
            error = errors.from_response(self.cluster, verb, what, status, data)
            if not pause or not _is_transient(error):
                raise error
            time.sleep(_retry_after(headers, pause))
        return None  # not reached: the last turn returns or raises

    def _once(self, method: str, url: str, payload: bytes | None, content_type: str, accept: str) -> tuple[int, Mapping[str, str], bytes]:
        headers = {**self._client.default_headers, **self._authorization(), "Accept": accept}
        if payload is not None:
            headers["Content-Type"] = content_type
        self.requests += 1
        try:
            answer = self._pool.request(
                method, url, body=payload, headers=headers, timeout=_timeout(), retries=2 if method == "GET" else False
            )
        except HTTPError as problem:
            raise errors.Unreachable(
                f"The API server {self.host} of cluster {self.cluster} gave no answer: {_innermost(problem)}.",
                "Check the address, the network and the API server, then run again.",
                host=self.host,
            ) from problem
        return answer.status, answer.headers, answer.data

    def _authorization(self) -> dict[str, str]:
        settings = self._client.configuration.auth_settings()
        return {s["key"]: s["value"] for s in settings.values() if s["in"] == "header" and s.get("value")}

    def _remember_warnings(self, headers: Mapping[str, str]) -> None:
        for text in _WARNING.findall(headers.get("Warning", "")):
            if text not in self.warnings and not _NOISE.match(text):
                self.warnings.append(text)


def _timeout() -> Any:
    from urllib3 import Timeout

    return Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)


def _is_transient(error: errors.ApiError) -> bool:
    """Busy, or a webhook's server that is just starting: an immediate repetition may succeed."""
    return error.status in (429, 502, 503, 504) or (error.status == 500 and "failed calling webhook" in error.message)


def _retry_after(headers: Mapping[str, str], otherwise: float) -> float:
    value = headers.get("Retry-After", "")
    return min(float(value), 10.0) if value.isdigit() else otherwise


def _innermost(problem: BaseException) -> str:
    reason = getattr(problem, "reason", None)
    text = str(reason if reason is not None else problem)
    return text.rpartition(": ")[2] if "object at 0x" in text else text.rstrip(".")
