# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Raw JSON requests to one API server over the connection that kubernetes.core configured.

The connection pool of the Python client is used directly: its own request layer changed its shape between versions, and its
object models cost ten times the time and memory of plain JSON on large lists.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from . import errors
from .repetition import CUT, Patient, is_passing, policy

if TYPE_CHECKING:
    from kubernetes.client import ApiClient
    from urllib3 import BaseHTTPResponse

try:
    from urllib3.exceptions import HTTPError
except ImportError:  # reported by connect() before any request is made
    HTTPError = OSError  # type: ignore[misc,assignment]

CONNECT_SECONDS = 10
READ_SECONDS = 60
_WARNING = re.compile(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"')
_NOISE = re.compile(r'unrecognized format \\?"')  # of the schemas in CRDs: nobody who runs a mesh can do anything about it


class Transport:
    """Requests to one API server: JSON in, JSON out.

    :ivar requests: how many requests were sent, the honest cost of a call.
    :ivar warnings: what the API server said in Warning headers, each once.
    :ivar before_request: called before each request.
    """

    def __init__(self, client: ApiClient, cluster: str) -> None:
        self._client = client
        self._pool = client.rest_client.pool_manager
        self.host: str = client.configuration.host
        self.cluster = cluster
        self.requests = 0
        self.warnings: list[str] = []
        self.before_request: Callable[[], None] = _nothing

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
        repeatable: bool | None = None,
    ) -> Any:
        """One request, repeated with growing pauses where its failure may pass.

        :param verb: the word for the error message, such as C(read) or C(apply).
        :param what: the object for the error message.
        :param repeatable: whether it may be done a second time though the first time may have succeeded; by default, what only reads.
        :raises errors.ApiError: an error status. :raises errors.Unreachable: no answer, or one that is no JSON.
        """
        url = f"{self.host}{path}" + (f"?{urlencode(query)}" if query else "")
        payload = None if body is None else json.dumps(body).encode()
        headers = {**self._client.default_headers, **self._authorization(), "Accept": accept}
        if payload is not None:
            headers["Content-Type"] = content_type
        again = method == "GET" if repeatable is None else repeatable
        retries = policy(method, repeatable=again)
        self.before_request()
        while True:
            answer = self._once(method, url, payload, headers, retries)
            try:
                return self._value(answer, method, verb, what)
            except (errors.ApiError, errors.Unreachable) as problem:
                retries = self._further(method, url, answer, problem, repeatable=again)

    def text(self, path: str, *, verb: str, what: str, query: Mapping[str, Any] | None = None) -> str:
        """What is read as plain text, such as the log of a pod, for people to see: it is asked for once.

        :raises errors.ApiError: an error status. :raises errors.Unreachable: no answer.
        """
        url = f"{self.host}{path}" + (f"?{urlencode(query)}" if query else "")
        self.before_request()
        answer = self._once("GET", url, None, {**self._client.default_headers, **self._authorization()}, policy("TEXT", repeatable=False))
        if answer.status >= 400:
            raise errors.from_response(self.cluster, verb, what, answer.status, answer.data)
        return answer.data.decode(errors="replace")

    @contextlib.contextmanager
    def stream(self, path: str, *, what: str, query: Mapping[str, Any], accept: str, silence: float) -> Iterator[Any]:
        """An answer that is read while it comes, as C(urllib3) has it. It is asked for once.

        :param silence: for how many seconds nothing may come.
        :raises errors.ApiError: an error status. :raises errors.Unreachable: no answer, or one that is cut.
        """
        headers = {**self._client.default_headers, **self._authorization(), "Accept": accept}
        self.requests += 1
        with self._reached():
            answer = self._pool.request(
                "GET",
                f"{self.host}{path}?{urlencode(query)}",
                headers=headers,
                timeout=_timeout(silence),
                retries=False,
                preload_content=False,
            )
            try:
                if answer.status >= 400:
                    raise errors.from_response(self.cluster, "watch", what, answer.status, answer.read())
                yield answer
            finally:
                answer.close()

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        """What goes wrong on the way, as a sentence."""
        try:
            yield
        except HTTPError as problem:
            raise errors.Unreachable(
                f"The API server {self.host} of cluster {self.cluster} gave no answer: {_innermost(problem)}.",
                "Check the address, the network and the API server, then run again.",
                host=self.host,
            ) from problem

    def _once(self, method: str, url: str, payload: bytes | None, headers: Mapping[str, str], retries: Patient) -> BaseHTTPResponse:
        self.requests += 1
        with self._reached():
            answer: BaseHTTPResponse = self._pool.request(method, url, body=payload, headers=headers, timeout=_timeout(), retries=retries)
        self.requests += len(_policy_of(answer).history) - len(retries.history)
        return answer

    def _value(self, answer: BaseHTTPResponse, method: str, verb: str, what: str) -> Any:
        """What an answer holds; only a write may be answered by nothing.

        :raises errors.ApiError: a refusal. :raises errors.Unreachable: no JSON.
        """
        if answer.status >= 400:
            raise errors.from_response(self.cluster, verb, what, answer.status, answer.data)
        try:
            value = json.loads(answer.data) if answer.data or method == "GET" else {}
        except ValueError:
            raise errors.Unreachable(
                f"The answer of the API server {self.host} of cluster {self.cluster} is cut, or no JSON: it was to {verb} {what}.",
                "Check the address and what lies between this machine and the API server, then run again.",
                host=self.host,
            ) from None
        self._remember_warnings(answer.headers)
        return value

    def _further(
        self, method: str, url: str, answer: BaseHTTPResponse, problem: errors.ApiError | errors.Unreachable, *, repeatable: bool
    ) -> Patient:
        """What is left of the repetitions, after a pause.

        :raises errors.ApiError errors.Unreachable: none is left, or the problem does not pass.
        """
        passing = is_passing(problem.status, problem.message, repeatable=repeatable) if isinstance(problem, errors.ApiError) else repeatable
        if not passing:
            raise problem
        cut = CUT if isinstance(problem, errors.Unreachable) else None
        try:
            left = _policy_of(answer).increment(method, url, response=answer, error=cut)
        except HTTPError:
            raise problem from None
        left.sleep(answer)
        return left

    def _authorization(self) -> dict[str, str]:
        settings = self._client.configuration.auth_settings()
        return {s["key"]: s["value"] for s in settings.values() if s["in"] == "header" and s.get("value")}

    def _remember_warnings(self, headers: Mapping[str, str]) -> None:
        for text in _WARNING.findall(headers.get("Warning", "")):
            if text not in self.warnings and not _NOISE.match(text):
                self.warnings.append(text)


def _nothing() -> None:
    """Nobody wants to know of requests."""


def _timeout(silence: float = READ_SECONDS) -> Any:
    from urllib3 import Timeout

    return Timeout(connect=CONNECT_SECONDS, read=silence)


def _policy_of(answer: BaseHTTPResponse) -> Patient:
    """What is left of the repetitions after an answer."""
    return cast(Patient, answer.retries)


def _innermost(problem: BaseException) -> str:
    reason = getattr(problem, "reason", None)
    inner = reason if reason is not None else problem
    causes = [one for one in getattr(inner, "args", ()) if isinstance(one, Exception)]
    text = str(causes[-1] if causes else inner)
    return text.rpartition(": ")[2] if "object at 0x" in text else text.rstrip(".")
