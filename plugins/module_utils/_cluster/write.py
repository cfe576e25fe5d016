# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Writing objects. Each function is one request, and each asks first whether the run may still write."""

from __future__ import annotations

from typing import Any

from .connect import Cluster
from .errors import ApiError
from .kinds import Kind, of

Object = dict[str, Any]


def create(cluster: Cluster, body: Object, manager: str, *, dry_run: bool = False) -> Object:
    """POST of a new object.

    :raises ApiError: with reason C(AlreadyExists) where it exists.
    """
    kind, namespace, name = _identify(body)
    return _send(cluster, "POST", "create", kind, namespace, name, body, "application/json", {"fieldManager": manager}, dry_run)


def apply(cluster: Cluster, body: Object, manager: str, *, force: bool = True, dry_run: bool = False) -> Object:
    """Server-side apply: what C(body) names becomes ours and has that value; what we owned and it omits is removed."""
    kind, namespace, name = _identify(body)
    query = {"fieldManager": manager, "force": "true" if force else "false"}
    return _send(cluster, "PATCH", "apply", kind, namespace, name, body, "application/apply-patch+yaml", query, dry_run)


def merge(cluster: Cluster, kind: Kind, namespace: str | None, name: str, patch: Object, manager: str, *, dry_run: bool = False) -> Object:
    """JSON merge patch; null removes. C(metadata.resourceVersion) in it makes it conditional."""
    query = {"fieldManager": manager}
    return _send(cluster, "PATCH", "patch", kind, namespace, name, patch, "application/merge-patch+json", query, dry_run)


def strategic(
    cluster: Cluster, kind: Kind, namespace: str | None, name: str, patch: Object, manager: str, *, dry_run: bool = False
) -> Object:
    """Strategic merge patch, which knows the keys of lists such as the containers of a pod."""
    query = {"fieldManager": manager}
    return _send(cluster, "PATCH", "patch", kind, namespace, name, patch, "application/strategic-merge-patch+json", query, dry_run)


def delete(
    cluster: Cluster,
    kind: Kind,
    namespace: str | None,
    name: str,
    *,
    uid: str | None = None,
    version: str | None = None,
    dry_run: bool = False,
) -> bool:
    """Deletes one object (dependents in the background); False where it was gone already.

    :param uid: delete only the object that was seen, not a successor of the same name. :param version: and only as it was seen.
    """
    body: Object = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
    if uid:
        body["preconditions"] = {"uid": uid, **({"resourceVersion": version} if version else {})}
    try:
        _send(cluster, "DELETE", "delete", kind, namespace, name, body, "application/json", {}, dry_run)
    except ApiError as error:
        if error.status == 404:
            return False
        raise
    return True


def _identify(body: Object) -> tuple[Kind, str | None, str]:
    kind, metadata = of(body), body["metadata"]
    return kind, metadata.get("namespace") if kind.namespaced else None, metadata["name"]


def _send(
    cluster: Cluster,
    method: str,
    verb: str,
    kind: Kind,
    namespace: str | None,
    name: str,
    body: Any,
    content_type: str,
    query: dict[str, Any],
    dry_run: bool,
) -> Object:
    if not dry_run:
        cluster.before_write()
    if dry_run:
        query = {**query, "dryRun": "All"}
    if method in ("POST", "PATCH"):
        query = {**query, "fieldValidation": "Strict"}
    path = kind.path(namespace, None if method == "POST" else name)
    answer: Object = cluster.api.send(
        method,
        path,
        verb=verb,
        what=f"{kind.name} {namespace}/{name}" if namespace else f"{kind.name} {name}",
        query=query,
        body=body,
        content_type=content_type,
        repeatable=dry_run or _is_repeatable(method, body),
    )
    return answer


def _is_repeatable(method: str, body: Any) -> bool:
    """Whether a write that was done, and is sent again since its answer was lost, leads to the same and reports no conflict with itself."""
    if method == "DELETE":
        return "preconditions" in body
    return method == "PATCH" and "resourceVersion" not in (body.get("metadata") or {})
