# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading objects: raw JSON, in pages, only the metadata where that is enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .connect import Cluster
from .errors import ApiError
from .kinds import Kind
from .kinds import kind as named

PAGE = 500
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

Object = dict[str, Any]
Reducer = Callable[[Object], Object]


def get(cluster: Cluster, kind: Kind, name: str, namespace: str | None = None, *, metadata_only: bool = False) -> Object | None:
    """One object, or None where it (or its kind) does not exist."""
    try:
        found: Object = cluster.api.send(
            "GET",
            kind.path(namespace, name),
            verb="read",
            what=_title(kind, namespace, name),
            accept=METADATA if metadata_only else "application/json",
        )
    except ApiError as error:
        if error.status == 404:
            return None
        raise
    return {**found, "apiVersion": kind.api_version, "kind": _api_kind(kind)}


def objects(
    cluster: Cluster,
    kind: Kind,
    namespace: str | None = None,
    *,
    labels: str | None = None,
    fields: str | None = None,
    metadata_only: bool = False,
    reduced: Reducer | None = None,
) -> list[Object]:
    """All objects of a kind; an empty list where the kind does not exist (its CRD is not installed).

    :param labels: a label selector. :param fields: a field selector.
    :param reduced: makes of each object what is kept of it. The rest goes with its page, before the next one is asked for.
    """
    query = {"limit": PAGE, **({"labelSelector": labels} if labels else {}), **({"fieldSelector": fields} if fields else {})}
    try:
        return list(_pages(cluster, kind, namespace, query, metadata_only, reduced))
    except ApiError as error:
        # An account without rights to a kind is told so even where the kind does not exist.
        if error.status == 404 or (error.status == 403 and not exists(cluster, kind)):
            return []
        raise


def exists(cluster: Cluster, kind: Kind) -> bool:
    """Whether the API server knows a kind, which every account may ask; one that may not is told that it does."""
    if not kind.group:
        return True
    path = f"/apis/{kind.group}/{kind.version}"
    try:
        known = cluster.api.send("GET", path, verb="read", what=f"the kinds of {kind.api_version}").get("resources") or ()
    except ApiError as error:
        return error.status != 404
    return any(one.get("name") == kind.plural for one in known)


def _pages(
    cluster: Cluster, kind: Kind, namespace: str | None, query: dict[str, Any], metadata_only: bool, reduced: Reducer | None
) -> Iterator[Object]:
    token = ""
    while True:
        page, token = _page(cluster, kind, namespace, {**query, **({"continue": token} if token else {})}, metadata_only, reduced)
        yield from page
        if not token:
            return


def _page(
    cluster: Cluster, kind: Kind, namespace: str | None, query: dict[str, Any], metadata_only: bool, reduced: Reducer | None
) -> tuple[list[Object], str]:
    """What is kept of one page, of which nothing else outlives this call, and what to ask for the next one with."""
    page = cluster.api.send(
        "GET",
        kind.path(namespace),
        verb="list",
        what=f"{kind.plural}{f' in namespace {namespace}' if namespace else ''}",
        query=query,
        accept=METADATA_LIST if metadata_only else "application/json",
    )
    named = ({**item, "apiVersion": kind.api_version, "kind": _api_kind(kind)} for item in page.get("items") or ())
    return [reduced(item) if reduced else item for item in named], str(page.get("metadata", {}).get("continue") or "")


def log(cluster: Cluster, namespace: str, pod: str, container: str, lines: int, *, previous: bool = False) -> str:
    """The last lines that a container wrote.

    :param previous: those of the container before its last restart.
    """
    path = f"{named('Pod').path(namespace, pod)}/log"
    query = {"container": container, "tailLines": lines, **({"previous": "true"} if previous else {})}
    return cluster.api.text(path, verb="read", what=f"the log of Pod {namespace}/{pod}", query=query)


def server_version(cluster: Cluster) -> str:
    """The version of the API server, such as C(v1.36.3)."""
    return str(cluster.api.send("GET", "/version", verb="read", what="the server version")["gitVersion"])


def _api_kind(kind: Kind) -> str:
    return "Gateway" if kind.name == "IstioGateway" else kind.name


def _title(kind: Kind, namespace: str | None, name: str) -> str:
    return f"{kind.name} {namespace}/{name}" if namespace else f"{kind.name} {name}"
