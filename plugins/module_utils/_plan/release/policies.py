# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Policies that hold for the stable's pods by their labels and would not hold for the canary's, with what makes them hold.

The canary has the service account of the stable, so that whoever names that as a source means both.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._mesh import labels, raw, selector
from ..finding import Finding
from ..objects.steps import Object
from .copies import copied
from .target import Target

Labels = Mapping[str, str]

# Where a kind selects pods, and whether by labels alone or by a whole selector.
_BY_LABELS: dict[str, tuple[str, ...]] = {
    "AuthorizationPolicy": ("selector", "matchLabels"),
    "PeerAuthentication": ("selector", "matchLabels"),
    "RequestAuthentication": ("selector", "matchLabels"),
    "Telemetry": ("selector", "matchLabels"),
    "WasmPlugin": ("selector", "matchLabels"),
    "ProxyConfig": ("selector", "matchLabels"),
    "EnvoyFilter": ("workloadSelector", "labels"),
    "Sidecar": ("workloadSelector", "labels"),
}
_BY_SELECTOR: dict[str, tuple[str, ...]] = {"NetworkPolicy": ("podSelector",), "PodDisruptionBudget": ("selector",)}
_PEERS = (("ingress", "from"), ("egress", "to"))


@dataclass(frozen=True)
class Gap:
    """A policy that would miss the canary.

    :ivar why: in words, by what. :ivar copy: what holds for the canary in its place, or lets it in beside the stable.
    """

    kind: str
    namespace: str
    name: str
    why: str
    copy: Object


@dataclass(frozen=True)
class _Pods:
    """The pods before and with the canary, and the namespace that they are in."""

    target: Target
    stable: Labels
    canary: Labels
    around: Labels
    root: str

    @property
    def only_canary(self) -> dict[str, str]:
        """What the canary's pods have and the stable ones have not."""
        return {key: value for key, value in self.canary.items() if self.stable.get(key) != value}

    def misses(self, wanted: raw.Raw) -> bool:
        """Whether a selector selects the stable's pods and not the canary's."""
        parsed = selector.parse(wanted)
        return parsed.matches(self.stable) and not parsed.matches(self.canary)

    def named(self, policy: raw.Raw, suffix: str = "") -> str:
        """The name of a copy: other releases may need one of the same policy."""
        name, own = raw.name(policy), self.target.name
        return self.target.copy_name(f"{name if name == own else f'{name}-{own}'}{suffix}", raw.namespace(policy))


def gaps(
    policies: Iterable[raw.Raw],
    stable_labels: Labels,
    canary_labels: Labels,
    target: Target,
    *,
    namespace_labels: Labels | None = None,
    root: str = labels.SYSTEM_NAMESPACE,
) -> list[Gap]:
    """All policies that would miss the canary.

    :param policies: of the target's namespace, of the root namespace, and NetworkPolicies of any other that name pods as their peers.
    :param stable_labels: all labels of the stable's pods. :param canary_labels: all of the canary's.
    :param namespace_labels: those of the target's namespace. :param root: the namespace whose Istio policies hold for all.
    """
    pods = _pods(stable_labels, canary_labels, target, namespace_labels, root)
    return [gap for policy in policies for find in (_by_labels, _by_selector, _by_service, _by_peers) for gap in find(policy, pods)]


def excesses(policies: Iterable[raw.Raw], stable_labels: Labels, canary_labels: Labels, target: Target) -> list[Finding]:
    """Policies that hold for the canary's pods and not for the stable's: by what pods must not be."""
    found = []
    for policy in policies:
        kind = raw.text(policy, "kind")
        if kind not in _BY_SELECTOR or raw.namespace(policy) != target.namespace:
            continue
        parsed = selector.parse(raw.mapping(policy, "spec", *_BY_SELECTOR[kind]))
        if parsed.matches(canary_labels) and not parsed.matches(stable_labels):
            title = f"{kind} {raw.qualified(policy)}"
            message = f"{title} does not select the pods of {target}, but would select those of its canary."
            found.append(
                Finding("warning", "policy_excess", title, message, "See that the canary can live with it, or change its selector.")
            )
    return found


def unmatched_sources(virtual_services: Iterable[raw.Raw], stable_labels: Labels, canary_labels: Labels, target: Target) -> list[Finding]:
    """VirtualServices whose rules hold for requests of the stable's pods and not for those of the canary's."""
    found = []
    for route in virtual_services:
        rules = [rule for part in ("http", "tcp", "tls") for rule in raw.items(route, "spec", part)]
        wanted = [raw.mapping(match, "sourceLabels").items() for rule in rules for match in raw.items(rule, "match")]
        if any(one <= stable_labels.items() and not one <= canary_labels.items() for one in wanted):
            title = f"VirtualService {raw.qualified(route)}"
            message = f"{title} has rules for requests of {target} by labels that its canary has not: those of the canary go another way."
            found.append(Finding("warning", "source_labels", title, message, "Match by a label that the release leaves as it is."))
    return found


def _pods(stable: Labels, canary: Labels, target: Target, around: Labels | None, root: str) -> _Pods:
    return _Pods(target, stable, canary, {labels.NAMESPACE_NAME: target.namespace, **(around or {})}, root)


def _by_labels(policy: raw.Raw, pods: _Pods) -> Iterator[Gap]:
    """Policies of Istio."""
    path = _BY_LABELS.get(raw.text(policy, "kind"))
    if path is None or raw.namespace(policy) not in (pods.target.namespace, pods.root):
        return
    if pods.misses({"matchLabels": raw.mapping(policy, "spec", *path)}):
        body = copied(policy, pods.named(policy), pods.target)
        body["spec"][path[0]] = {**raw.mapping(policy, "spec", path[0]), path[1]: pods.only_canary}
        yield _gap(policy, f"it selects the pods of {pods.target} by labels that the canary's have not", body)


def _by_selector(policy: raw.Raw, pods: _Pods) -> Iterator[Gap]:
    """NetworkPolicies and budgets. Where a policy lets such pods reach each other, its copy lets in both."""
    path = _BY_SELECTOR.get(raw.text(policy, "kind"))
    if path is None or raw.namespace(policy) != pods.target.namespace:
        return
    if pods.misses(raw.mapping(policy, "spec", *path)):
        body = copied(policy, pods.named(policy), pods.target)
        body["spec"][path[0]] = {"matchLabels": pods.only_canary}
        for direction, side in _PEERS:
            for rule in raw.items(body, "spec", direction):
                if side in rule:
                    rule[side] = [*rule[side], *_canary_peers(raw.items(rule, side), policy, pods)]
        yield _gap(policy, f"it selects the pods of {pods.target} by labels that the canary's have not", body)


def _by_service(policy: raw.Raw, pods: _Pods) -> Iterator[Gap]:
    """Policies of Istio that name the Service as their target."""
    targets = raw.items(policy, "spec", "targetRefs") or [one for one in [raw.mapping(policy, "spec", "targetRef")] if one]
    named = [one for one in targets if _is_service(one, policy, pods.target)]
    if raw.text(policy, "kind") not in _BY_LABELS or not named:
        return
    body = copied(policy, pods.named(policy), pods.target)
    spec = {key: value for key, value in body["spec"].items() if key not in ("targetRef", "targetRefs")}
    body["spec"] = {**spec, "targetRefs": [{**named[0], "name": pods.target.canary_service.name}]}
    yield _gap(policy, f"it is for {pods.target.service}", body)


def _by_peers(policy: raw.Raw, pods: _Pods) -> Iterator[Gap]:
    """NetworkPolicies of any workload that let the stable's pods in or out, by their labels."""
    if raw.text(policy, "kind") != "NetworkPolicy":
        return
    spec = copy.deepcopy(raw.mapping(policy, "spec"))
    for direction, side in _PEERS:
        rules = [{**rule, side: _canary_peers(raw.items(rule, side), policy, pods)} for rule in raw.items(spec, direction)]
        if direction in spec:
            spec[direction] = [rule for rule in rules if rule[side]]
    if any(spec.get(direction) for direction, _side in _PEERS):
        body = {**copied(policy, pods.named(policy, "-peers"), pods.target), "spec": spec}
        yield _gap(policy, f"it names the pods of {pods.target} as peers, by labels that the canary's have not", body)


def _canary_peers(peers: Sequence[Any], policy: raw.Raw, pods: _Pods) -> list[Object]:
    """The peers that are the stable's pods, as the canary's."""
    return [
        {**peer, "podSelector": {"matchLabels": pods.only_canary}}
        for peer in peers
        if pods.misses(raw.mapping(peer, "podSelector")) and _reaches(peer, policy, pods)
    ]


def _reaches(peer: raw.Raw, policy: raw.Raw, pods: _Pods) -> bool:
    places = raw.at(peer, "namespaceSelector")
    return raw.namespace(policy) == pods.target.namespace if places is None else selector.parse(places).matches(pods.around)


def _is_service(named: raw.Raw, policy: raw.Raw, target: Target) -> bool:
    home = raw.text(named, "namespace") or raw.namespace(policy)
    wanted = ("Service", target.service.namespace, target.service.name)
    return raw.text(named, "group") in ("", "core") and (raw.text(named, "kind"), home, raw.text(named, "name")) == wanted


def _gap(policy: raw.Raw, why: str, body: Object) -> Gap:
    return Gap(raw.text(policy, "kind"), raw.namespace(policy), raw.name(policy), why, body)
