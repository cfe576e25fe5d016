# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What istiod itself declines to inject, once a webhook has called it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import labels, raw, selector

# istiod passes pods of these over, whatever their labels say.
SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})


@dataclass(frozen=True)
class Policy:
    """What the injector's ConfigMap of a revision says: C(policy) and the selectors beside it."""

    enabled: bool = True
    never: tuple[selector.Selector, ...] = ()
    always: tuple[selector.Selector, ...] = ()


DEFAULT_POLICY = Policy()


@dataclass(frozen=True)
class Pod:
    """What istiod sees of a new pod."""

    namespace: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    host_network: bool


def parse(config: raw.Raw) -> Policy:
    """A policy from the parsed key C(config) of an injector's ConfigMap."""
    return Policy(
        raw.text(config, "policy") != "disabled",
        _selectors(config, "neverInjectSelector"),
        _selectors(config, "alwaysInjectSelector"),
    )


def declined(pod: Pod, policy: Policy) -> str | None:
    """Why istiod leaves a pod as it is, in a sentence; None when it injects it."""
    if pod.host_network:
        return "The pod uses the host's network, which is never injected."
    if pod.namespace in SYSTEM_NAMESPACES:
        return f"istiod injects nothing in the namespace {pod.namespace}."
    # The label outweighs the older annotation, even with a value that means nothing.
    asked = pod.labels.get(labels.INJECT, pod.annotations.get(labels.INJECT))
    if asked in ("true", "false"):
        return None if asked == "true" else f"The pod's {labels.INJECT}=false keeps it out."
    if _any(policy.never, pod.labels):
        return "The pod's labels match neverInjectSelector."
    if policy.enabled or _any(policy.always, pod.labels):
        return None
    return "The injection policy of the revision is disabled."


def _selectors(config: raw.Raw, key: str) -> tuple[selector.Selector, ...]:
    return tuple(selector.parse(entry) for entry in raw.items(config, key))


def _any(selectors: tuple[selector.Selector, ...], pod_labels: Mapping[str, str]) -> bool:
    # An empty selector matches nothing here, unlike in a webhook.
    return any(one.requirements and one.matches(pod_labels) for one in selectors)
