# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Helm's own record of a release: the Secrets in which it keeps what it made."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterable
from typing import Any

from ..._charts import manifests
from ..._cluster import kinds, read
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._errors import MeshyardError
from ..._mesh import maker, raw, secret_data
from ..._plan.objects.adoption import Origin
from ..._plan.objects.steps import Object, Ref, ref_of

_KIND = kinds.kind("Secret")


def to_remove(cluster: Cluster, releases: Iterable[Origin], going: Iterable[Ref], warn: Callable[[str], None]) -> list[Object]:
    """The records of releases of which nothing stays when these objects go.

    :param going: the objects that are deleted. :param warn: told of a release that stays because it made more than them.
    """
    gone, records = set(going), []
    for release in sorted(releases, key=str):
        found = _records(cluster, release, warn)
        stays = _why_it_stays(cluster, release, found, gone) if found else ""
        if stays:
            warn(f"Helm's release {release.release} in namespace {release.namespace} on cluster {cluster.name} stays, because {stays}.")
        else:
            records += found
    return records


def _why_it_stays(cluster: Cluster, release: Origin, records: list[Object], gone: set[Ref]) -> str:
    """What else a release stands for, in words; empty where it stands for nothing that is left."""
    made = _made(cluster, records)
    if made is None:
        return "its record cannot be read, so that it may have made more"
    remaining = [ref for ref in made if ref not in gone and _is_of(cluster, ref, release)]
    if not remaining:
        return ""
    return f"it also made {remaining[0]}" + (f" and {len(remaining) - 1} more objects" if len(remaining) > 1 else "")


def _records(cluster: Cluster, release: Origin, warn: Callable[[str], None]) -> list[Object]:
    """Every version of a release's record, only the metadata."""
    selector = f"owner=helm,name={release.release}"
    try:
        return read.objects(cluster, _KIND, release.namespace, labels=selector, metadata_only=True)
    except ApiError as problem:
        warn(f"Helm's record of release {release.release} in namespace {release.namespace} stays: {problem.problem}")
        return []


def _made(cluster: Cluster, records: list[Object]) -> list[Ref] | None:
    """What the newest of these records says that Helm made; None where it cannot be read."""
    newest = max(records, key=lambda record: raw.number(raw.labels_of(record), "version"))
    try:
        secret = read.get(cluster, _KIND, raw.name(newest), raw.namespace(newest))
    except ApiError:
        return None
    return decode(secret) if secret else None


def decode(secret: raw.Raw) -> list[Ref] | None:
    """The objects in a record: JSON, packed by gzip, in base64, as data of a Secret once more in base64.

    None where it is not what Helm writes.
    """
    try:
        packed = base64.b64decode(secret_data.content(secret, "release"))
        release: dict[str, Any] = json.loads(gzip.decompress(packed))
        documents = manifests.documents_of(str(release.get("manifest", "")))
    except (ValueError, OSError, MeshyardError):
        return None
    namespace = str(release.get("namespace", ""))
    return [_ref(document, namespace) for document in documents if isinstance(document, dict) and document.get("metadata")]


def _ref(document: Object, namespace: str) -> Ref:
    """The identity of an object in a manifest; where its template names no namespace, that of the release counts."""
    try:
        namespaced = kinds.of(document).namespaced
    except MeshyardError:
        namespaced = True
    metadata = {**document["metadata"], "namespace": document["metadata"].get("namespace") or namespace}
    return ref_of({**document, "metadata": metadata if namespaced else {"name": metadata["name"]}})


def _is_of(cluster: Cluster, ref: Ref, release: Origin) -> bool:
    """Whether an object is there and still says that this release made it; one of an unknown kind is left out."""
    try:
        kind = kinds.of({"apiVersion": ref.api_version, "kind": ref.kind, "metadata": {"name": ref.name}})
    except MeshyardError:
        return False
    live = read.get(cluster, kind, ref.name, ref.namespace or None, metadata_only=True)
    if live is None or ref.kind == "CustomResourceDefinition":  # the charts tell Helm to keep those
        return False
    made = maker.maker(live)
    return (made.kind, made.name, made.namespace) == ("helm", release.release, release.namespace)
