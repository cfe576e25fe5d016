# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What selects pods by labels that a move changes: afterwards it would select them no more, and say nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._errors import MeshyardError
from ..._mesh import labels, raw, selector
from ..._words import listed
from ..objects.steps import Apply, Patch, Plan

_TEMPLATE_LABELS = "spec.template.metadata.labels"


@dataclass(frozen=True)
class LabelChange:
    """The pod labels of a workload before and after a move."""

    workload: str
    namespace: str
    before: Mapping[str, str]
    after: Mapping[str, str]

    @property
    def keys(self) -> list[str]:
        """The labels that change."""
        return sorted(key for key in {*self.before, *self.after} if self.before.get(key) != self.after.get(key))

    @property
    def by(self) -> str:
        """These labels, in words."""
        return " and ".join(self.keys)

    def __str__(self) -> str:
        return self.workload


@dataclass(frozen=True)
class Selected:
    """A part of an object that selects pods.

    :ivar namespaces: which namespaces it selects in, by name and labels.
    """

    selects: Callable[[Mapping[str, str]], bool]
    reaches: Callable[[str, Mapping[str, str]], bool]


def changes(plan: Plan, workloads: Iterable[raw.Raw]) -> list[LabelChange]:
    """The pod labels that steps of a plan change.

    :param workloads: as they are now.
    """
    present = {(raw.text(obj, "kind"), raw.namespace(obj), raw.name(obj)): obj for obj in workloads}
    found = []
    for step in plan:
        obj = present.get((step.ref.kind, step.ref.namespace, step.ref.name))
        if obj is not None and isinstance(step, (Apply, Patch)):
            before = raw.labels_of(raw.mapping(obj, "spec", "template"))
            change = LabelChange(str(step.ref), step.ref.namespace, before, _after(before, step))
            found += [change] if change.keys else []
    return found


def _after(before: Mapping[str, str], step: Apply | Patch) -> dict[str, str]:
    body = step.patch if isinstance(step, Patch) else step.body
    named = raw.mapping(body, "spec", "template", "metadata", "labels")
    # An apply takes away what an earlier one named and this one does not.
    fields = step.fields if isinstance(step, Apply) else ()
    gone = dict.fromkeys(key for key in before if key not in named and f"{_TEMPLATE_LABELS}.{key}" in fields)
    return {key: value for key, value in {**before, **named, **gone}.items() if value is not None}


def refuse_losses(changed: Sequence[LabelChange], objects: Iterable[raw.Raw], around: Mapping[str, Mapping[str, str]], root: str) -> None:
    """Returns unless an object would lose pods that it selects.

    :param objects: all that may select pods of the workloads. :param around: the labels of the workloads' namespaces.
    :param root: the namespace whose policies hold for all.
    :raises MeshyardError: it names each of them.
    """
    found = [(obj, one) for obj in objects for one in changed if _loses(obj, one, around.get(one.namespace, {}), root)]
    if found:
        raise _lost(found)


def _lost(found: Sequence[tuple[raw.Raw, LabelChange]]) -> MeshyardError:
    lost = [_describe(obj, change) for obj, change in found]
    said = [f"{raw.text(obj, 'kind')} {raw.qualified(obj)} selects pods of {change} by {change.by}" for obj, change in found]
    return MeshyardError(
        f"The move changes labels by which pods are selected, so that these would select them no more: {listed(said, '; ')}.",
        f"Take {' and '.join(sorted({key for _obj, change in found for key in change.keys}))} out of the selector first: "
        "it then goes on selecting these pods before, during and after the move.",
        code="selector_loses_pods",
        selectors=lost,
    )


def _describe(obj: raw.Raw, change: LabelChange) -> dict[str, Any]:
    identity = {"kind": raw.text(obj, "kind"), "namespace": raw.namespace(obj), "name": raw.name(obj)}
    return {**identity, "workload": change.workload, "labels": change.keys}


def _loses(obj: raw.Raw, change: LabelChange, namespace_labels: Mapping[str, str], root: str) -> bool:
    around = {labels.NAMESPACE_NAME: change.namespace, **namespace_labels}
    reaching = [part for part in _parts(obj, root) if part.reaches(change.namespace, around)]
    return any(part.selects(change.before) and not part.selects(change.after) for part in reaching)


def _parts(obj: raw.Raw, root: str) -> Iterator[Selected]:
    """The selectors of an object; one that selects everything loses nothing."""
    kind, home = raw.text(obj, "kind"), raw.namespace(obj)
    here = _only(home)
    if kind == "NetworkPolicy":
        yield Selected(_by_selector(raw.mapping(obj, "spec", "podSelector")), here)
        yield from _peers(obj, home)
    elif kind == "PodDisruptionBudget":
        yield Selected(_by_selector(raw.mapping(obj, "spec", "selector")), here)
    elif kind == "HorizontalPodAutoscaler":
        yield from (Selected(_by_selector(one), here) for one in _metrics(obj))
    elif kind == "Gateway":
        yield Selected(_by_labels(raw.mapping(obj, "spec", "selector")), _anywhere)
    elif kind == "Service":
        yield Selected(_by_labels(raw.mapping(obj, "spec", "selector")), here)
    else:
        yield from (Selected(_by_labels(one), _anywhere if home == root else here) for one in _istio(obj))


def _peers(policy: raw.Raw, home: str) -> Iterator[Selected]:
    rules = [*raw.items(policy, "spec", "ingress"), *raw.items(policy, "spec", "egress")]
    for peer in (peer for rule in rules for peer in (*raw.items(rule, "from"), *raw.items(rule, "to"))):
        pods = raw.mapping(peer, "podSelector")
        if not pods:
            continue
        places = raw.at(peer, "namespaceSelector")
        yield Selected(_by_selector(pods), _only(home) if places is None else _matching(places))


def _metrics(scaler: raw.Raw) -> list[dict[str, Any]]:
    entries = raw.items(scaler, "spec", "metrics")
    return [raw.mapping(entry, source, "metric", "selector") for entry in entries for source in ("pods", "object", "external")]


def _istio(obj: raw.Raw) -> list[dict[str, Any]]:
    spec = raw.mapping(obj, "spec")
    found = [raw.mapping(spec, "selector", "matchLabels")]
    found += [raw.mapping(spec, "workloadSelector", part) for part in ("labels", "matchLabels")]
    found += [raw.mapping(subset, "labels") for subset in raw.items(spec, "subsets")]
    routes = [route for protocol in ("http", "tcp", "tls") for route in raw.items(spec, protocol)]
    found += [raw.mapping(match, "sourceLabels") for route in routes for match in raw.items(route, "match")]
    return found


def _by_labels(wanted: Mapping[str, Any]) -> Callable[[Mapping[str, str]], bool]:
    return lambda pod: bool(wanted) and all(pod.get(key) == value for key, value in wanted.items())


def _by_selector(wanted: Mapping[str, Any]) -> Callable[[Mapping[str, str]], bool]:
    parsed = selector.parse(wanted)
    return lambda pod: bool(wanted) and parsed.matches(pod)


def _only(home: str) -> Callable[[str, Mapping[str, str]], bool]:
    return lambda name, _labels: name == home


def _matching(wanted: Mapping[str, Any]) -> Callable[[str, Mapping[str, str]], bool]:
    parsed = selector.parse(wanted)
    return lambda _name, found: parsed.matches(found)


def _anywhere(_name: str, _labels: Mapping[str, str]) -> bool:
    return True
