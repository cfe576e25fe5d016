# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The routes to a service: with a share for the canary, and as they were before.

Of a VirtualService or a route of the Gateway API only the destinations change, in those rules that lead to the service. What they were
lies in an annotation that is written in the same patch, so that any run can tell what is its own from what others have changed since.
Mirrors and delegates stay: a mirror takes no answer from the canary, and a delegate has the destinations itself.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ..._errors import MeshyardError
from ..._mesh import raw
from ..objects import merge_patch
from ..objects.steps import Object, Patch, ref_of
from . import former, route_forms, weights
from .route_forms import RouteForm
from .target import MANAGER, Target

# The destinations of each rule that leads to the service, by the part of the spec, in their order.
Destinations = dict[str, list[list[Object]]]

_WEIGHT = "weight"


@dataclass(frozen=True)
class Look:
    """What a route is to a release.

    :ivar state: C(untouched); C(ours), as a release wrote it; C(changed), by somebody else since then.
    :ivar weight: the canary's share that was written last, in percent.
    :ivar original: of a route that is C(ours), the parts of its spec as they were.
    """

    state: Literal["untouched", "ours", "changed"]
    weight: int | None = None
    original: Object | None = None


def concerns(route: raw.Raw, target: Target) -> bool:
    """Whether a route leads to the service or its canary, or is marked by a release of it.

    The mark of a Deployment of the same name in another namespace does not count.
    """
    form = route_forms.of(route)
    return any(True for _found in _leading(form, route, target)) or former.record(route, target) is not None


def is_shared(route: raw.Raw, target: Target) -> bool:
    """Whether a release of another workload has written a rule that leads to the service, too."""
    form = route_forms.of(route)
    live = [one for _part, _position, several in _leading(form, route, target) for one in several]
    return any(form.is_stable(one, raw.namespace(route), other) for other in former.others(route, target) for one in live)


def look(route: raw.Raw, target: Target) -> Look:
    """Whether a route is as a release of the target left it."""
    form = route_forms.of(route)
    record = _recorded(form, route, target)
    live = _destinations(form, route, target)
    if record is None:
        mixed = any(form.is_canary(one, raw.namespace(route), target) for lists in live.values() for several in lists for one in several)
        return Look("changed" if mixed else "untouched")
    percent, originals = record
    if _comparable(form, _divided(form, route, target, originals, percent)) != _comparable(form, live):
        return Look("changed", percent)
    return Look("ours", percent, _spec(form, route, target, originals))


def describe(route: raw.Raw, target: Target) -> dict[str, Any]:
    """A route as it is returned, with the share of the canary in it."""
    seen = look(route, target)
    place = {"kind": raw.text(route, "kind"), "namespace": raw.namespace(route), "name": raw.name(route)}
    return {**place, "state": seen.state, "weight": seen.weight}


def reweighted(route: Object, target: Target, percent: int) -> Patch | None:
    """The step that gives the canary a share; None where it has it.

    :raises MeshyardError: somebody else has changed the route since the release wrote it.
    """
    form, seen = route_forms.of(route), look(route, target)
    if seen.state == "changed":
        raise changed_by_others(route, target)
    record = _recorded(form, route, target)
    originals = record[1] if record else _destinations(form, route, target)
    if seen.weight == percent or not originals:
        return None
    spec = _spec(form, route, target, _divided(form, route, target, originals, percent))
    annotation = former.with_record(route, target, {_WEIGHT: percent, **originals})
    return _patch(route, target, spec, annotation, f"give {target.canary} {percent} % of the traffic to {target.service}")


def given_back(route: Object, target: Target) -> Patch | None:
    """The step that takes a release out of a route; None where nothing of it is there.

    A route that nobody else has touched becomes exactly what it was. From any other only the canary goes, and its share returns to
    the stable.
    """
    form, seen = route_forms.of(route), look(route, target)
    if seen.original is None:
        live = _destinations(form, route, target)
        lists = {part: [_without_canary(form, route, target, one) for one in several] for part, several in live.items()}
        spec = _spec(form, route, target, lists)
    else:
        spec = seen.original
    return _patch(route, target, spec, former.without_record(route, target), f"give {target.service} all of its traffic back")


def changed_by_others(route: raw.Raw, target: Target) -> MeshyardError:
    """The refusal to write over what somebody else has written."""
    title = f"{raw.text(route, 'kind')} {raw.qualified(route)}"
    return MeshyardError(
        f"{title} was changed by somebody else while {target} is being released: its destinations are not those that the release wrote.",
        "Keep it from being changed during a release (a GitOps controller must ignore its weights), then abort the release and repeat it.",
        code="route_changed",
    )


def _leading(form: RouteForm, route: raw.Raw, target: Target) -> Iterator[tuple[str, int, list[Object]]]:
    """Each rule that leads to the service or its canary: part, position and destinations."""
    namespace = raw.namespace(route)
    for part in form.parts:
        for position, rule in enumerate(raw.items(route, "spec", part)):
            found = raw.items(rule, form.destinations)
            if any(form.is_stable(one, namespace, target) or form.is_canary(one, namespace, target) for one in found):
                yield part, position, found


def _destinations(form: RouteForm, route: raw.Raw, target: Target) -> Destinations:
    found: Destinations = {}
    for part, _position, several in _leading(form, route, target):
        found.setdefault(part, []).append(several)
    return found


def _recorded(form: RouteForm, route: raw.Raw, target: Target) -> tuple[int, Destinations] | None:
    record = former.record(route, target)
    if record is None:
        return None
    percent = record.get(_WEIGHT)
    originals = {part: record[part] for part in form.parts if part in record}
    return (percent, originals) if isinstance(percent, int) and 0 <= percent <= 100 and _is_whole(originals) else None


def _is_whole(found: dict[str, Any]) -> bool:
    """Whether it is what a release writes; anybody may write an annotation."""
    lists = [several for rules in found.values() for several in (rules if isinstance(rules, list) else [None])]
    return all(isinstance(several, list) and all(_is_destination(one) for one in several) for several in lists)


def _is_destination(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get(_WEIGHT, 0), int)


def _divided(form: RouteForm, route: raw.Raw, target: Target, originals: Destinations, percent: int) -> Destinations:
    namespace = raw.namespace(route)
    return {part: [_with_canary(form, namespace, target, one, percent) for one in several] for part, several in originals.items()}


def _with_canary(form: RouteForm, namespace: str, target: Target, destinations: list[Object], percent: int) -> list[Object]:
    stable = [form.is_stable(one, namespace, target) for one in destinations]
    given = [(one.get(_WEIGHT), is_stable) for one, is_stable in zip(destinations, stable, strict=True)]
    shares = iter(weights.divided(given, percent, form.rule))
    result: list[Object] = []
    for one, is_stable in zip(destinations, stable, strict=True):
        result.append({**one, _WEIGHT: next(shares)})
        if is_stable:
            result.append({**form.renamed(one, target.canary_service), _WEIGHT: next(shares)})
    return result


def _without_canary(form: RouteForm, route: raw.Raw, target: Target, destinations: list[Object]) -> list[Object]:
    """The stable destination before a canary takes its share; a canary that has none becomes it."""
    namespace = raw.namespace(route)
    if not any(form.is_canary(one, namespace, target) for one in destinations):
        return destinations
    shares = weights.effective([one.get(_WEIGHT) for one in destinations], form.rule)
    result: list[Object] = []
    for one, share in zip(destinations, shares, strict=True):
        if not form.is_canary(one, namespace, target):
            result.append({**one, _WEIGHT: share})
        elif result and form.is_stable(result[-1], namespace, target):
            result[-1][_WEIGHT] += share
        else:
            result.append({**form.renamed(one, target.service), _WEIGHT: share})
    return result


def _spec(form: RouteForm, route: raw.Raw, target: Target, lists: Destinations) -> Object:
    """The parts of the spec with these destinations, in full: a merge patch replaces a list as a whole."""
    rules = {part: copy.deepcopy(raw.items(route, "spec", part)) for part in lists}
    remaining = {part: iter(several) for part, several in lists.items()}
    for part, position, _found in _leading(form, route, target):
        rules[part][position][form.destinations] = copy.deepcopy(next(remaining[part]))
    return rules


def _comparable(form: RouteForm, lists: Destinations) -> Destinations:
    """With what the API server, or a tool that leaves out zeros, makes of them."""
    missing = {_WEIGHT: form.rule.missing, **form.defaults}
    return {part: [[{**missing, **one} for one in rule] for rule in several] for part, several in lists.items()}


def _patch(route: Object, target: Target, spec: Object, annotation: str | None, reason: str) -> Patch | None:
    changed = merge_patch.difference({key: raw.at(route, "spec", key) for key in spec}, spec)
    present = raw.annotations_of(route).get(target.record_annotation)
    marks = {} if present == annotation else {"annotations": {target.record_annotation: annotation}}
    parts = {"metadata": marks, "spec": changed}
    patch = {key: value for key, value in parts.items() if value}
    if not patch:
        return None
    version = raw.text(route, "metadata", "resourceVersion")
    return Patch(ref_of(route), patch, MANAGER, merge_patch.restricted(route, patch), version, reason)
