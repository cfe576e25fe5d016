# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The account by which istiods of other clusters read a cluster: its rights, its tokens, and who uses them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._mesh import labels, raw, secret_data
from ..._words import listed
from ..objects import order
from ..objects.convergence import converge, owner_of, stamped
from ..objects.steps import Create, Delete, Object, Patch, Plan, Ref, Step, ref_of
from . import leftovers

OWNER = "reader"
ACCOUNT = "istio-reader-service-account"
TOKEN = f"{ACCOUNT}-istio-remote-secret-token"
TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105  # a type of Secrets
ACCOUNT_NAME = "kubernetes.io/service-account.name"
REPLACES, ENDPOINTS = "meshyard.io/replaces", "meshyard.io/endpoints"
_MANAGER = "meshyard"
_RBAC = "rbac.authorization.k8s.io"
_READ = ("get", "list", "watch")

READS: Mapping[str, tuple[str, ...]] = {
    "": ("configmaps", "namespaces", "nodes", "pods", "secrets", "services"),
    "apiextensions.k8s.io": ("customresourcedefinitions",),
    "discovery.k8s.io": ("endpointslices",),
    "gateway.networking.k8s.io": ("gateways",),
    "multicluster.x-k8s.io": ("serviceexports", "serviceimports"),
    "networking.istio.io": ("workloadentries",),
}
# Questions to the API server that are asked by POST and store nothing.
ASKS: Mapping[str, str] = {"authentication.k8s.io": "tokenreviews", "authorization.k8s.io": "subjectaccessreviews"}


def role(namespace: str) -> str:
    """The name of the ClusterRole and its binding."""
    return f"meshyard-istio-reader-{namespace}"


def rules() -> list[Object]:
    """What istiod reads of a remote cluster, and nothing else."""
    reads = [{"apiGroups": [group], "resources": list(resources), "verbs": list(_READ)} for group, resources in READS.items()]
    return reads + [{"apiGroups": [group], "resources": [resource], "verbs": ["create"]} for group, resource in ASKS.items()]


@dataclass(frozen=True)
class RemoteState:
    """The remote cluster.

    :ivar live: the account, the role and its binding, as far as they are there. :ivar tokens: all token Secrets of the account.
    """

    namespace: str
    has_namespace: bool
    live: Mapping[Ref, Object]
    tokens: tuple[Object, ...]

    def token(self, name: str) -> Object | None:
        """A token Secret by its name."""
        return next((one for one in self.tokens if raw.name(one) == name), None)

    def holding(self, token: str) -> Object | None:
        """The token Secret that holds a token."""
        return next((one for one in self.tokens if token and token_of(one) == token), None)


@dataclass(frozen=True)
class Reader:
    """The cluster whose istiod reads: its UID, and the ID that it gives to the remote one."""

    uid: str
    name: str

    @property
    def mark(self) -> str:
        """The annotation by which it marks the tokens that it uses."""
        return f"{labels.READER}{self.uid}"


def account(namespace: str) -> Object:
    """The ServiceAccount."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": namespace}}


def rights(namespace: str) -> list[Object]:
    """The ClusterRole and its binding."""
    kind, meta = f"{_RBAC}/v1", {"name": role(namespace)}
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}
    bound = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role(namespace)}
    return [
        {"apiVersion": kind, "kind": "ClusterRole", "metadata": dict(meta), "rules": rules()},
        {"apiVersion": kind, "kind": "ClusterRoleBinding", "metadata": dict(meta), "roleRef": bound, "subjects": [subject]},
    ]


def plan(there: RemoteState, reader: Reader, token: str, marks: Mapping[str, str] | None = None) -> Plan:
    """The steps that make account, rights and the token Secret of that name; an account of others stays as it is.

    :param marks: further annotations of the token Secret.
    """
    found = there.live.get(ref_of(account(there.namespace)))
    ours = [account(there.namespace)] if found is None or owner_of(found) == OWNER else []
    steps = converge(stamped([*ours, *rights(there.namespace)], OWNER), there.live, OWNER, prune=False)
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": there.namespace, "annotations": leftovers.record(None, {})}}
    before = () if there.has_namespace else (Create(body, leftovers.MANAGER, "the reader has no namespace yet"),)
    return (*before, *steps, *token_steps(there, reader, token, marks or {}))


def token_steps(there: RemoteState, reader: Reader, name: str, marks: Mapping[str, str]) -> Plan:
    """The step towards one token Secret: one that others made only gets the mark of its reader.

    :param marks: further annotations; those of a rotation that is under way are kept.
    """
    live = there.token(name)
    kept = {key: value for key, value in raw.annotations_of(live or {}).items() if key in (REPLACES, ENDPOINTS)}
    annotations = {ACCOUNT_NAME: ACCOUNT, reader.mark: reader.name, **kept, **marks}
    body: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": there.namespace, "annotations": annotations},
        "type": TOKEN_TYPE,
    }
    owner = f"{OWNER}-{reader.uid}"  # a field manager for each reader, so that none takes away the mark of another
    if live is None or owner_of(live) == OWNER:
        body["metadata"]["labels"] = {labels.OWNER: OWNER}
    return converge([body], {} if live is None else {ref_of(body): live}, owner, prune=False)


def token_of(secret: raw.Raw) -> str:
    """The token in a token Secret, or an empty text before the token controller has filled it."""
    return secret_data.text(secret, "token")


def ca_of(secret: raw.Raw) -> str:
    """The certificate authority in a token Secret, as base64."""
    return raw.text(secret, "data", "ca.crt")


def next_name(current: raw.Raw | None, reader: Reader) -> str:
    """The name of the token Secret that follows: the same in every run until the rotation is through."""
    uid = raw.text(current or {}, "metadata", "uid")
    return f"{TOKEN}-{hashlib.sha256(f'{reader.uid}/{reader.name}/{uid}'.encode()).hexdigest()[:8]}"


def other_readers(secret: raw.Raw, reader: Reader) -> list[str]:
    """The UIDs of further clusters whose istiod uses a token."""
    marks = [key.removeprefix(labels.READER) for key in raw.annotations_of(secret) if key.startswith(labels.READER)]
    return sorted(uid for uid in marks if uid != reader.uid)


def revocation(secrets: Iterable[Object], reader: Reader) -> tuple[Plan, list[str], list[str]]:
    """The steps that revoke tokens, the names of those Secrets, and a warning for each that somebody else uses too."""
    steps: list[Step] = []
    gone, warnings = [], []
    for secret in secrets:
        others = other_readers(secret, reader)
        if others:
            steps.append(unmarked(secret, [reader.mark], "no longer used from here"))
            warnings.append(
                f"{ref_of(secret)} is not revoked, because the istiod of the cluster with UID {listed(others)} uses it too: "
                "rotate there as well."
            )
        else:
            steps.append(Delete(ref_of(secret), raw.text(secret, "metadata", "uid"), "revokes its token"))
            gone.append(raw.name(secret))
    return tuple(steps), gone, warnings


def removal(there: RemoteState, reader: Reader) -> tuple[Plan, list[str], list[str]]:
    """The steps that take the reader away, the names of revoked token Secrets, and warnings about what stays."""
    ours = [one for one in there.tokens if reader.mark in raw.annotations_of(one)]
    made = [one for one in ours if owner_of(one) == OWNER]
    steps, gone, warnings = revocation(made, reader)
    for one in ours:
        if one not in made:
            steps += (unmarked(one, [reader.mark], "no longer used from here"),)
            warnings.append(f"{ref_of(one)} was made by others and stays: delete it if nobody else uses its token.")
    if not any(other_readers(one, reader) for one in there.tokens):
        kept = [ref for ref, obj in there.live.items() if owner_of(obj) == OWNER]
        uids = {ref: raw.text(there.live[ref], "metadata", "uid") for ref in kept}
        steps += tuple(Delete(ref, uids[ref], "nobody reads by it any more") for ref in sorted(kept, key=order.deletion))
    return steps, gone, warnings


def unmarked(secret: Object, marks: Iterable[str], reason: str) -> Patch:
    """The step that takes annotations away from a token Secret."""
    annotations: dict[str, Any] = dict.fromkeys(marks)
    before = {key: value for key, value in raw.annotations_of(secret).items() if key in annotations}
    patch = {"metadata": {"annotations": annotations}}
    return Patch(ref_of(secret), patch, _MANAGER, {"metadata": {"annotations": before}}, reason=reason)
