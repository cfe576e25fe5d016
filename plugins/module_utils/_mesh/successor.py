# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Whether the revision that takes over is ready to: it runs, and the API server can and must ask its webhooks."""

from __future__ import annotations

from collections.abc import Iterator

from . import labels, raw
from .evidence import Evidence
from .plane import ControlPlane
from .revision import Names

Obstacle = tuple[str, str, str]


def obstacles(revision: str, evidence: Evidence) -> Iterator[Obstacle]:
    """What a successor lacks in its cluster: kind, name and a reason for each."""
    plane = next((one for one in evidence.planes if one.revision == revision), None)
    if plane is None:
        yield "Revision", revision, "it is to take over and does not exist"
        return
    yield from _plane(plane)
    for hook in evidence.hooks:
        if hook.revision == revision and hook.failure_policy != "Fail":
            yield "MutatingWebhookConfiguration", hook.configuration, "it lets pods start without a sidecar on failure"
    yield from _validators(plane, evidence)


def _plane(plane: ControlPlane) -> Iterator[Obstacle]:
    name = plane.deployment or plane.revision
    if not plane.serving:
        yield "Deployment", name, f"revision {plane.revision} is to take over and has no ready istiod"
    elif not plane.rollout.done:
        yield "Deployment", name, f"revision {plane.revision} is to take over, but {plane.rollout.why}"
    if plane.webhook in ("missing", "no_ca_bundle"):
        lack = "has no webhook" if plane.webhook == "missing" else "has a webhook without CA bundle"
        yield "MutatingWebhookConfiguration", plane.revision, f"revision {plane.revision} is to take over and {lack}"


def _validators(plane: ControlPlane, evidence: Evidence) -> Iterator[Obstacle]:
    concerned = (Names(plane.revision, plane.namespace).validating_webhook, labels.DEFAULT_VALIDATOR)
    for configuration in evidence.validating_webhooks or ():
        name = raw.name(configuration)
        if name in concerned and not all(_closed(hook) for hook in raw.items(configuration, "webhooks")):
            yield "ValidatingWebhookConfiguration", name, "it is open: no CA bundle, or failurePolicy is not Fail"


def _closed(hook: raw.Raw) -> bool:
    verified = bool(raw.text(hook, "clientConfig", "caBundle")) or bool(raw.text(hook, "clientConfig", "url"))
    return verified and raw.text(hook, "failurePolicy") == "Fail"
