# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Taking a revision tag away, but not from those who follow it: their new pods would start without a sidecar, and nobody would say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..._errors import MeshyardError
from ..._mesh import injection, labels, raw, webhook
from ..._mesh.plane import ControlPlane
from ..._words import listed
from ..objects import adoption
from ..objects.steps import Delete, Object, Plan, Ref, ref_of
from .webhooks import wake_up


def plan(tag: str, live: Mapping[Ref, Object], default: Object | None, cluster: str) -> Plan:
    """The steps that take a tag away; the unrevisioned control plane wakes up before the tag C(default) goes.

    :param live: the objects of the tag. :param default: the webhook configuration of the unrevisioned control plane.
    :raises MeshyardError: an operator keeps the tag.
    """
    adoption.refuse_operators(live.values(), cluster)
    awake = wake_up(default) if tag == labels.DEFAULT and default is not None and live else ()
    refs = sorted(live, key=lambda ref: ref.kind != "MutatingWebhookConfiguration")
    return (*awake, *(Delete(ref, str(live[ref]["metadata"].get("uid", "")), "the tag is to be absent") for ref in refs))


def followers(
    tag: str, namespaces: Iterable[raw.Raw], before: Sequence[Object], after: Sequence[Object], planes: Sequence[ControlPlane]
) -> list[str]:
    """The namespaces whose new pods come to a revision by the tag, and would come to none without.

    :param before: the webhook configurations as they are. :param after: as they will be.
    """
    now, then = webhook.hooks(before), webhook.hooks(after)
    found = []
    for namespace in namespaces:
        marks = raw.labels_of(namespace)
        is_now = injection.effective(marks, {}, now, raw.name(namespace), planes)
        will_be = injection.effective(marks, {}, then, raw.name(namespace), planes)
        if is_now.via == tag and will_be.kind != "revision":
            found.append(f"Namespace {raw.name(namespace)}")
    return sorted(found)


def refuse(tag: str, users: Sequence[str], cluster: str) -> None:
    """Returns unless somebody follows the tag.

    :param users: namespaces and workloads, in words.
    :raises MeshyardError: somebody does.
    """
    if not users:
        return
    followers = listed(users)
    raise MeshyardError(
        f"Tag {tag} on cluster {cluster} is followed by {followers}: their new pods would start without a sidecar.",
        "Move them to a revision first (namespace_revision), or set force to true.",
        followers=list(users),
    )


def asking(tag: str, workloads: Iterable[Object]) -> list[str]:
    """The workloads whose pods ask for the tag by a label of their own, in words."""
    found = []
    for obj in workloads:
        template = raw.mapping(obj, "spec", "jobTemplate", "spec", "template") or raw.mapping(obj, "spec", "template")
        marks = raw.labels_of(template)
        if marks.get(labels.REV) == tag and marks.get("app") != "istiod":
            found.append(str(ref_of(obj)))
    return sorted(found)
