# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Revision tags: a tag lives in a webhook configuration and in a Service, and istiod takes the union of both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .._words import listed
from . import labels, raw


@dataclass(frozen=True)
class Claim:
    """An object that gives a tag to a revision."""

    kind: str
    namespace: str
    name: str
    revision: str

    def __str__(self) -> str:
        return f"{self.kind} {'/'.join(part for part in (self.namespace, self.name) if part)}"


@dataclass(frozen=True)
class Tag:
    """A revision tag as the cluster holds it.

    C(revision) is where its webhooks send new pods: None when there are none, or when they disagree. C(claimed_by)
    are all revisions that take the tag to be theirs. C(conflict) says in a sentence what is not as it should be.
    """

    name: str
    revision: str | None
    claimed_by: tuple[str, ...]
    webhooks: tuple[Claim, ...]
    services: tuple[Claim, ...]
    conflict: str | None


def tags(configurations: Iterable[raw.Raw], services: Iterable[raw.Raw]) -> list[Tag]:
    """The tags of a cluster by name, from MutatingWebhookConfigurations and Services."""
    webhooks = _claims("MutatingWebhookConfiguration", configurations)
    endpoints = _claims("Service", services)
    return [_tag(name, webhooks.get(name, ()), endpoints.get(name, ())) for name in sorted({*webhooks, *endpoints})]


def of_revision(known: Iterable[Tag], revision: str) -> list[Tag]:
    """The tags that a revision takes to be its own."""
    return [tag for tag in known if revision in tag.claimed_by]


def resolve(name: str, known: Iterable[Tag]) -> str:
    """The revision behind a label value: that of the tag of this name, else the value itself."""
    for tag in known:
        if tag.name == name and tag.revision:
            return tag.revision
    return name


def _claims(kind: str, objects: Iterable[raw.Raw]) -> dict[str, tuple[Claim, ...]]:
    found: dict[str, tuple[Claim, ...]] = {}
    for obj in sorted(objects, key=raw.qualified):
        name = raw.labels_of(obj).get(labels.TAG)
        if name:
            claim = Claim(kind, raw.namespace(obj), raw.name(obj), raw.labels_of(obj).get(labels.REV, ""))
            found[name] = (*found.get(name, ()), claim)
    return found


def _tag(name: str, webhooks: tuple[Claim, ...], services: tuple[Claim, ...]) -> Tag:
    by_webhook = {claim.revision for claim in webhooks}
    return Tag(
        name=name,
        revision=min(by_webhook) if len(by_webhook) == 1 else None,
        claimed_by=tuple(sorted({claim.revision for claim in (*webhooks, *services) if claim.revision})),
        webhooks=webhooks,
        services=services,
        conflict=_conflict(name, webhooks, services),
    )


def _conflict(name: str, webhooks: tuple[Claim, ...], services: tuple[Claim, ...]) -> str | None:
    if not webhooks:
        held = services[0]
        return f"Tag {name} has the {held} but no webhook: its pods start without a sidecar."
    if len({claim.revision for claim in (*webhooks, *services)}) > 1:
        claims = listed(f"{claim} says {claim.revision}" for claim in (*webhooks, *services))
        return f"Tag {name} is claimed by more than one revision: {claims}."
    return None
