# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading objects: raw JSON, in pages, only the metadata where that is enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .connect import Cluster
from .errors import ApiError
from .kinds import Kind

PAGE = 500
_METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

Object = dict[str, Any]


def get(cluster: Cluster, kind: Kind, name: str, namespace: str | None = None, *, metadata_only: bool = False) -> Object | None:
    """One object, or None where it (or its kind) does not exist."""
    try:
        found: Object = cluster.api.send(
            "GET",
            kind.path(namespace, name),
            verb="read",
            what=_title(kind, namespace, name),
            accept=_METADATA if metadata_only else "application/json",
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
) -> list[Object]:
    """All objects of a kind; an empty list where the kind does not exist (its CRD is not installed).

    :param labels: a label selector. :param fields: a field selector.
    """
    try:
        return list(_pages(cluster, kind, namespace, labels, fields, metadata_only))
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
    cluster: Cluster, kind: Kind, namespace: str | None, labels: str | None, fields: str | None, metadata_only: bool
) -> Iterator[Object]:
    query: dict[str, Any] = {"limit": PAGE}
    if labels:
        query["labelSelector"] = labels
    if fields:
        query["fieldSelector"] = fields
    while True:
        page = cluster.api.send(
            "GET",
            kind.path(namespace),
            verb="list",
            what=f"{kind.plural}{f' in namespace {namespace}' if namespace else ''}",
            query=query,
            accept=_METADATA_LIST if metadata_only else "application/json",
        )
        for item in page.get("items") or ():
            item["apiVersion"], item["kind"] = kind.api_version, _api_kind(kind)
            yield item
        token = page.get("metadata", {}).get("continue")
        if not token:
            return
        query = {**query, "continue": token}


def server_version(cluster: Cluster) -> str:
    """The version of the API server, such as C(v1.36.3)."""
    return str(cluster.api.send("GET", "/version", verb="read", what="the server version")["gitVersion"])


def _api_kind(kind: Kind) -> str:
    return "Gateway" if kind.name == "IstioGateway" else kind.name


def _title(kind: Kind, namespace: str | None, name: str) -> str:
    return f"{kind.name} {namespace}/{name}" if namespace else f"{kind.name} {name}"
