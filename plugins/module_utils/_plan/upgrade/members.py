# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Namespaces and gateways as an upgrade sees them: on which revision they are, and what a move of them takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ..._mesh import gateway, injection, labels, maker, proxies, raw, workload
from ..._mesh.evidence import Evidence
from ..._mesh.restart import ROLLS, restartable
from ..dataplane import labels as dataplane_labels
from ..dataplane import previous_labels

BY_NAMESPACE, BY_ITSELF = "namespace", "gateway"
_GATEWAY = "Gateway"


@dataclass(frozen=True)
class Rolling:
    """A workload that can roll at all, what a new pod of it gets, and its live proxies.

    C(labelled) tells of the Deployment of a Gateway of the Gateway API that this Gateway has a revision label of its own. Then
    C(former) are the former labels of the Gateway.
    """

    workload: workload.Workload
    decision: injection.Decision
    proxies: tuple[proxies.Proxy, ...]
    made_by: str = ""
    former: previous_labels.Labels | None = None
    gateway: gateway.Gateway | None = None
    labelled: bool = False

    @property
    def managed(self) -> bool:
        """Whether istiod makes it from a Gateway of the Gateway API, proxy and all."""
        return self.gateway is not None and self.gateway.managed

    def live(self, revision: str) -> bool:
        """Whether a live proxy of it is of the revision; one that is being deleted goes by itself."""
        return any(proxy.revision == revision and not proxy.terminating for proxy in self.proxies)

    def uses(self, revision: str) -> bool:
        """Whether a move of it would take something away from the revision: nothing new may come, nothing old may stay."""
        if self.managed:
            return self.workload.template_annotations.get(labels.REV) == revision or self.live(revision)
        stays = self.decision.kind == "revision" and self.live(revision) and restartable(self.workload) is None
        return self.decision.concerns(revision) or stays


@dataclass(frozen=True)
class Member:
    """A namespace.

    C(decision) is what a new pod without labels of its own gets there, C(former) the labels that a move replaced, C(after) what
    a new pod would get if they were given back.
    """

    name: str
    labels: dict[str, str]
    decision: injection.Decision
    rolling: tuple[Rolling, ...] = ()
    proxies: tuple[proxies.Proxy, ...] = ()
    former: previous_labels.Labels | None = None
    after: injection.Decision | None = None

    @property
    def labelled(self) -> bool:
        """Whether labels of the namespace decide for its pods, so that labels of pods do not."""
        return labels.INJECTION in self.labels or labels.REV in self.labels

    @property
    def gateways(self) -> list[Rolling]:
        """Its gateways."""
        return [one for one in self.rolling if one.gateway]

    @property
    def inner(self) -> list[Rolling]:
        """What rolls and is no gateway."""
        return [one for one in self.rolling if not one.gateway]

    @property
    def only_gateways(self) -> bool:
        """Whether it holds gateways and nothing else that rolls."""
        return bool(self.rolling) and not self.inner

    @property
    def was_moved(self) -> bool:
        """Whether a move changed it, or workloads in it that are no gateways, and the former labels are still kept."""
        return self.former is not None or any(one.former is not None for one in self.inner)

    def uses(self, revision: str) -> bool:
        """Whether a move of this namespace would take something away from the revision."""
        concerned = [one for one in self.rolling if not one.gateway or self.moved_by(one) == BY_NAMESPACE]
        return self.decision.concerns(revision) or any(one.uses(revision) for one in concerned)

    def moved_by(self, one: Rolling) -> str:
        """What a gateway in it comes to another revision by: the namespace's labels, or its own (or its Gateway's) ones."""
        written = one.gateway is not None and one.gateway.written
        return BY_NAMESPACE if self.labelled and not (one.labelled or written) else BY_ITSELF


def members(evidence: Evidence) -> list[Member]:
    """Every namespace of a cluster."""
    found = {kind: evidence.workloads.get(kind) or () for kind in gateway.KINDS}
    known = gateway.gateways(found, evidence.services or (), evidence.namespaces or (), evidence.hooks, evidence.planes)
    gateways = {(one.kind, one.namespace, one.name): one for one in known}
    running = _grouped(proxies.proxies(evidence.pods or (), evidence.owners))
    rolling = _grouped(
        _Owned(raw.namespace(obj), _rolling(obj, kind, evidence, running.get(raw.namespace(obj), []), gateways))
        for kind in ROLLS
        for obj in evidence.workloads.get(kind) or ()
        if not _is_istiod(obj, kind)
    )
    return [
        _member(namespace, evidence, [owned.rolling for owned in rolling.get(raw.name(namespace), ())], running)
        for namespace in sorted(evidence.namespaces or (), key=raw.name)
    ]


def _member(namespace: raw.Raw, evidence: Evidence, rolling: list[Rolling], running: Mapping[str, list[proxies.Proxy]]) -> Member:
    name, marks, before = raw.name(namespace), raw.labels_of(namespace), previous_labels.read(namespace)
    after = (
        None if before is None else injection.effective(dataplane_labels.changed(marks, before), {}, evidence.hooks, name, evidence.planes)
    )
    return Member(
        name=name,
        labels=marks,
        decision=injection.effective(marks, {}, evidence.hooks, name, evidence.planes),
        rolling=tuple(rolling),
        proxies=tuple(running.get(name, ())),
        former=before,
        after=after,
    )


def _rolling(
    obj: raw.Raw,
    kind: str,
    evidence: Evidence,
    running: Iterable[proxies.Proxy],
    gateways: Mapping[tuple[str, str, str], gateway.Gateway],
) -> Rolling:
    parsed = workload.parse(obj, kind)
    decision = injection.desired(
        evidence.namespace_labels.get(parsed.namespace, {}),
        parsed.template_labels,
        evidence.hooks,
        parsed.namespace,
        evidence.planes,
        pod_annotations=parsed.template_annotations,
        host_network=parsed.host_network,
    )
    own = tuple(proxy for proxy in running if (proxy.workload.kind, proxy.workload.name) == (kind, parsed.name))
    front = gateways.get((kind, parsed.namespace, parsed.name))
    above = _labelled_gateway(front, evidence)
    kept = previous_labels.read(above or obj)
    return Rolling(parsed, decision, own, maker.maker(obj).kind, kept, front, above is not None)


def _labelled_gateway(front: gateway.Gateway | None, evidence: Evidence) -> raw.Raw | None:
    """The Gateway of the Gateway API above a Deployment, if it has a revision label of its own."""
    known = (evidence.config or {}).get(_GATEWAY) or () if front and front.managed else ()
    return next((obj for obj in known if front and (raw.namespace(obj), raw.name(obj)) == (front.namespace, front.gateway)), None)


def _is_istiod(obj: raw.Raw, kind: str) -> bool:
    """A control plane names its revision without being injected by it."""
    return raw.labels_of(workload.pod_template(obj, kind)).get("app") == "istiod"


@dataclass(frozen=True)
class _Owned:
    namespace: str
    rolling: Rolling


class _Namespaced(Protocol):
    @property
    def namespace(self) -> str:
        """Where it lives."""


_N = TypeVar("_N", bound=_Namespaced)


def _grouped(found: Iterable[_N]) -> dict[str, list[_N]]:
    groups: dict[str, list[_N]] = {}
    for one in found:
        groups.setdefault(one.namespace, []).append(one)
    return groups
