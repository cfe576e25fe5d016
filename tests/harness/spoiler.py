"""A proxy before an API server that spoils answers, as a balancer that restarts or an etcd that elects a leader does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from tests.harness.proxy import WriteProxy

Answer = tuple[int, list[tuple[str, str]], bytes]
Spoil = Callable[[Answer], Answer]

_JSON = [("Content-Type", "application/json")]


def cut(answer: Answer) -> Answer:
    """Only the first half of the body, though the length says that it is all."""
    status, headers, body = answer
    return status, headers, body[: len(body) // 2]


def leaderless(_answer: Answer) -> Answer:
    """What an API server says while etcd elects a leader."""
    text = json.dumps({"kind": "Status", "status": "Failure", "code": 500, "message": "etcdserver: leader changed"})
    return 500, _JSON, text.encode()


def dropped(_answer: Answer) -> Answer:
    """No answer: the connection ends."""
    raise ConnectionAbortedError


class Spoiler(WriteProxy):
    """Spoils answers after the API server has done what was asked.

    :ivar spoiled: the requests whose answers were spoiled.
    """

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.spoiled: list[str] = []
        self._method = ""
        self._planned: Iterator[Spoil | None] = iter(())

    def spoil(self, method: str, planned: Iterable[Spoil | None]) -> None:
        """What happens to the next answers to this method, one by one; V(None) leaves one as it is."""
        self._method, self._planned = method, iter(planned)

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """One request."""
        answer = super().forward(method, path, headers, body)
        spoil = next(self._planned, None) if method == self._method and "/leases" not in path else None
        if spoil is None:
            return answer
        self.spoiled.append(f"{method} {path.partition('?')[0]}")
        return spoil(answer)
