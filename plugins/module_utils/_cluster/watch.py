# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Watching the objects of a kind: their versions while they change, over one request at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from .connect import Cluster
from .errors import ApiError, Unreachable, from_response
from .kinds import Kind
from .read import METADATA, METADATA_LIST, Object

GONE = 410
_SILENCE_SECONDS = 15.0
"""How much longer than a watch lasts nothing may come, so that a connection that died without a word is noticed."""


def version(cluster: Cluster, kind: Kind, namespace: str | None, labels: str | None) -> str:
    """The version of the list of these objects, from which a watch can begin (one request, of one object at most)."""
    query = {"limit": 1, **({"labelSelector": labels} if labels else {})}
    found = cluster.api.send("GET", kind.path(namespace), verb="list", what=_title(kind, namespace), query=query, accept=METADATA_LIST)
    return str(found["metadata"]["resourceVersion"])


def changes(
    cluster: Cluster,
    kind: Kind,
    namespace: str | None,
    since: str,
    *,
    labels: str | None = None,
    seconds: float,
    opened: Callable[[Any], None],
) -> Iterator[tuple[str, Object]]:
    """The changes since a version, for some time: what happened (C(ADDED), C(MODIFIED), C(DELETED), C(BOOKMARK)), and the metadata.

    :param opened: gets the answer while it is read, so that somebody else can cut it.
    :raises ApiError: a refusal; with the status 410 the version is too old, and the objects are to be listed anew.
    :raises Unreachable: no answer, or one that is cut.
    """
    query = {"watch": "1", "allowWatchBookmarks": "true", "resourceVersion": since, "timeoutSeconds": max(1, int(seconds))}
    query |= {"labelSelector": labels} if labels else {}
    silence = seconds + _SILENCE_SECONDS
    with cluster.api.stream(kind.path(namespace), what=_title(kind, namespace), query=query, accept=METADATA, silence=silence) as answer:
        opened(answer)
        for line in _lines(answer):
            happened, obj = _change(cluster, line)
            if happened == "ERROR":
                status = int(obj.get("code") or 500)
                raise from_response(cluster.name, "watch", _title(kind, namespace), status, json.dumps(obj).encode())
            yield happened, obj


def _lines(answer: Any) -> Iterator[bytes]:
    left = b""
    for part in answer.stream(amt=None, decode_content=True):
        *lines, left = (left + part).split(b"\n")
        yield from filter(None, lines)


def _change(cluster: Cluster, line: bytes) -> tuple[str, Object]:
    try:
        found = json.loads(line)
        return str(found["type"]), dict(found["object"])
    except (ValueError, KeyError, TypeError):
        raise Unreachable(
            f"What the API server {cluster.host} of cluster {cluster.name} tells of changes is cut, or no JSON.",
            "Check what lies between this machine and the API server.",
            host=cluster.host,
        ) from None


def is_outdated(problem: ApiError | Unreachable) -> bool:
    """Whether a watch ended because its version is too old."""
    return isinstance(problem, ApiError) and problem.status == GONE


def _title(kind: Kind, namespace: str | None) -> str:
    return f"{kind.plural}{f' in namespace {namespace}' if namespace else ''}"
