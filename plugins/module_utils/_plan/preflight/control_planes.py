# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Findings about control planes, tags, the default validator, and configuration that is tied to a revision."""

from __future__ import annotations

from collections.abc import Iterator

from ..._mesh import labels, raw, tag
from ..._mesh.plane import ControlPlane
from ..._words import listed
from ..finding import Finding
from ..upgrade.remaining import default_revision
from .model import PreflightInput


def findings(given: PreflightInput) -> Iterator[Finding]:
    """All findings of this file."""
    yield from _source(given)
    yield from _target(given)
    yield from _others(given)
    yield from _tags(given)
    yield from _validator(given)
    yield from _tied_configuration(given)
    yield from _remotes(given)
    yield from _silent(given)
    for what in (*given.evidence.unread(), *given.unread):
        yield Finding(
            "warning",
            "unreadable",
            what,
            f"The {what} could not be read, so nothing is known about them.",
            "Give the account of this run the permission to list them.",
        )


def _source(given: PreflightInput) -> Iterator[Finding]:
    plane = given.route.old
    if plane is None:
        return
    name = _object(plane)
    if not plane.available:
        lack = plane.rollout.why or f"its webhook is {plane.webhook.replace('_', ' ')}"
        yield Finding(
            "warning" if given.route.in_place else "blocker",  # the way out of a version that does not come up is another one
            "source_not_ready",
            name,
            f"The control plane to be left, revision {plane.revision}, is not ready: {lack}.",
            "Bring it back to health first: it is what a rollback returns to.",
        )
    if plane.made_by.kind == "operator":
        yield Finding(
            "blocker",
            "operator",
            name,
            f"Revision {plane.revision} is kept by {plane.made_by.name}, which would take changes back.",
            "Upgrade by means of that operator, or remove it (leaving its objects) before this upgrade.",
        )
    if plane.made_by.gitops:
        yield Finding(
            "warning",
            "gitops",
            name,
            f"{plane.made_by.gitops} applies revision {plane.revision} again and again.",
            "Take it out of the repository before you retire it, or it comes back.",
        )


def _target(given: PreflightInput) -> Iterator[Finding]:
    plane, wanted = given.route.new, given.route.to_version
    if plane is None:
        yield from _target_name(given)
        return
    name = _object(plane)
    if wanted and plane.version and plane.version != wanted and not given.route.in_place:
        yield Finding(
            "blocker",
            "target_taken",
            name,
            f"Revision {plane.revision} exists already, with version {plane.version} instead of {wanted}.",
            "Choose another revision for the new control plane (canary_upgrade_revision), or remove this one.",
        )
    if plane.made_by.kind != "meshyard" and given.route.in_place:
        yield Finding(
            "blocker",
            "target_foreign",
            name,
            f"Revision {plane.revision} was made by {_maker(plane)} and keeps its version here.",
            "Upgrade it by the tool that made it, or take it over first (istio_control_plane_adopt).",
        )
    elif plane.made_by.kind != "meshyard":
        yield Finding(
            "info",
            "target_foreign",
            name,
            f"Revision {plane.revision} exists already and was made by {_maker(plane)}: it is used as it is.",
        )


def _target_name(given: PreflightInput) -> Iterator[Finding]:
    name = given.route.to_revision
    if any(known.name == name for known in given.evidence.tags):
        yield Finding(
            "blocker",
            "revision_is_tag",
            f"tag {name}",
            f"The new control plane would have the name of the tag {name}: what follows the tag would be injected twice.",
            "Choose another revision for the new control plane (canary_upgrade_revision).",
        )


def _others(given: PreflightInput) -> Iterator[Finding]:
    for plane in given.evidence.planes:
        if plane.location == "orphan":
            yield Finding(
                "blocker",
                "orphan_webhook",
                f"revision {plane.revision}",
                f"A webhook injects pods by revision {plane.revision}, whose istiod is gone ({plane.namespace}/{plane.service}): "
                "pods that it catches cannot start.",
                "Remove the MutatingWebhookConfiguration of that revision, or bring its istiod back.",
            )
        elif plane.location == "remote" and not (given.remote and not given.evidence.primary):
            yield Finding(
                "blocker",
                "remote_cluster",
                f"revision {plane.revision}",
                f"This cluster is served by the istiod of another cluster (revision {plane.revision}).",
                "Upgrade the cluster in which that istiod runs.",
            )
        elif plane.location == "cluster" and plane.namespace != given.namespace:
            yield Finding(
                "info",
                "other_mesh",
                f"Deployment {plane.namespace}/{plane.deployment}",
                f"A control plane in the namespace {plane.namespace} (revision {plane.revision}) is no part of this upgrade.",
            )


def _tags(given: PreflightInput) -> Iterator[Finding]:
    for known in given.evidence.tags:
        if known.conflict:
            yield Finding(
                "blocker",
                "tag_conflict",
                f"tag {known.name}",
                known.conflict,
                "Set the tag anew with the module meshyard.istio.istio_tag, which writes both of its objects.",
            )
    for move in given.upgrade.tags:
        if move.kept_by:
            yield Finding(
                "warning",
                "tag_kept",
                f"tag {move.name}",
                f"The tag {move.name} stays on {move.revision}: it is followed by namespaces that this upgrade leaves out "
                f"({listed(move.kept_by)}).",
                "Upgrade those too, and the tag follows.",
            )


def _validator(given: PreflightInput) -> Iterator[Finding]:
    if given.remote:  # nobody reads configuration there
        return
    revision = default_revision(given.evidence)
    known = {plane.revision for plane in given.evidence.planes} | {known.name for known in given.evidence.tags}
    if revision and known and revision not in known:
        yield Finding(
            "warning",
            "default_validator",
            f"ValidatingWebhookConfiguration {labels.DEFAULT_VALIDATOR}",
            f"It sends Istio configuration to revision {revision}, which does not exist: once it is closed, all of it is refused.",
            "Point it to a revision that exists with default_revision of the module meshyard.istio.istio_base.",
        )


def _tied_configuration(given: PreflightInput) -> Iterator[Finding]:
    source = given.route.from_revision
    moved = {(move.kind, str(move)) for move in given.upgrade.gateways}
    for kind, objects in (given.evidence.config or {}).items():
        for obj in objects or ():
            label = raw.labels_of(obj).get(labels.REV)
            tied = label and source and tag.resolve(label, given.evidence.tags) == source
            if tied and (kind, raw.qualified(obj)) not in moved:
                yield Finding(
                    "blocker",
                    "revision_config",
                    f"{kind} {raw.qualified(obj)}",
                    f"{kind} {raw.qualified(obj)} has the label {labels.REV}={label}: workloads that have moved to "
                    f"{given.route.to_revision} are not given it.",
                    "Remove the label, so that every revision reads the object, or add a copy for the new revision and accept this.",
                )


def _remotes(given: PreflightInput) -> Iterator[Finding]:
    for name in sorted({*(given.evidence.remotes or ())} - given.clusters_in_run):
        yield Finding(
            "warning",
            "remote_attached",
            f"cluster {name}",
            f"A remote secret attaches the cluster {name} to this control plane: this upgrade does not move its workloads.",
            "Move them too before the old control plane is retired: until then that is refused.",
        )


def _silent(given: PreflightInput) -> Iterator[Finding]:
    for one in given.evidence.connections.silent if given.evidence.connections else ():
        yield Finding(
            "warning",
            "istiod_silent",
            f"istiod {one.istiod}",
            f"The istiod {one.istiod} of revision {one.plane} could not be asked for its proxies: {one.reason}.",
            "As long as this is so, gates are inconclusive and nothing can be retired: allow pods/portforward to this account.",
        )


def _object(plane: ControlPlane) -> str:
    return f"Deployment {plane.namespace}/{plane.deployment}" if plane.deployment else f"revision {plane.revision}"


def _maker(plane: ControlPlane) -> str:
    made = plane.made_by
    return f"{made.kind} ({made.name})" if made.name else made.kind
