# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What holds for the stable host and must hold for the canary's: DestinationRules, Sidecars that name it, and grants of the Gateway API."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..._mesh import host, raw
from ..objects import merge_patch
from ..objects.steps import Object, Patch, ref_of
from . import former
from .canary import canary_value, own_selector
from .copies import copied
from .target import MANAGER, Target

_EGRESS = "egress"


def destination_rules(rules: Iterable[raw.Raw], target: Target, changed: Mapping[str, str]) -> list[Object]:
    """A copy for the canary's host of each DestinationRule for the stable one, whichever namespace it holds for.

    :param changed: the labels that tell the canary's pods from the stable ones; subsets select by them as well.
    """
    return [_rule(rule, target, changed) for rule in rules if _is_for(rule, target)]


def narrowed(target: Target, rules: Iterable[raw.Raw], stable: raw.Raw) -> Target:
    """The target without the traffic of subsets of its host that are other workloads'."""
    return replace(target, other_subsets=other_subsets(rules, target, own_selector(stable)))


def other_subsets(rules: Iterable[raw.Raw], target: Target, selector: Mapping[str, str]) -> frozenset[str]:
    """The subsets of the stable host with pods of other workloads alone.

    :param selector: the labels that a Deployment's pods must have: no release changes them.
    """
    subsets = [one for rule in rules if _is_for(rule, target) for one in raw.items(rule, "spec", "subsets")]
    own = {raw.text(one, "name") for one in subsets if not _contradicts(raw.mapping(one, "labels"), selector)}
    return frozenset(raw.text(one, "name") for one in subsets) - own


def reference_grants(grants: Iterable[raw.Raw], target: Target) -> list[Object]:
    """A copy for the canary's Service of each grant that lets routes of other namespaces name the stable one."""
    made = []
    for grant in grants:
        granted = [one for one in raw.items(grant, "spec", "to") if _is_service(one, target.service.name)]
        if raw.namespace(grant) == target.service.namespace and granted:
            body = copied(grant, target.copy_name(raw.name(grant), raw.namespace(grant)), target)
            body["spec"]["to"] = [{**granted[0], "name": target.canary_service.name}]
            made.append(body)
    return made


def is_concerned(sidecar: raw.Raw, target: Target) -> bool:
    """Whether a Sidecar lets its workloads see the stable host by name, or is marked by a release of it."""
    hosts = [one for entry in raw.items(sidecar, "spec", _EGRESS) for one in raw.items(entry, "hosts")]
    return target.record_annotation in raw.annotations_of(sidecar) or any(_names(one, sidecar, target.service) for one in hosts)


def sidecars(present: Iterable[Object], target: Target) -> list[Patch]:
    """The steps that let every workload see the canary's host that sees the stable one by name."""
    steps = []
    for sidecar in present:
        hosts = _hosts(sidecar)
        wanted = [_with_canary(one, sidecar, target) for one in hosts]
        if wanted != hosts:
            earlier = _recorded(sidecar, target)
            kept = [_original(one, sidecar, target, earlier) for one in hosts if _any_names(one, sidecar, target)]
            annotation = former.with_record(sidecar, target, {_EGRESS: kept})
            steps.append(_patch(sidecar, target, wanted, annotation, f"let {target.canary_service} be seen beside {target.service}"))
    return steps


def sidecars_given_back(present: Iterable[Object], target: Target) -> list[Patch]:
    """The steps that take the canary's host out of Sidecars again; what was changed besides stays."""
    steps = []
    for sidecar in present:
        if target.record_annotation in raw.annotations_of(sidecar):
            annotation = former.without_record(sidecar, target)
            steps.append(_patch(sidecar, target, _given_back(sidecar, target), annotation, f"let {target.service} be seen as before"))
    return steps


def _rule(rule: raw.Raw, target: Target, changed: Mapping[str, str]) -> Object:
    body = copied(rule, target.copy_name(raw.name(rule), raw.namespace(rule)), target)
    spec = body["spec"]
    spec["host"] = target.canary_service.host if "." in spec["host"] else target.canary_service.name
    for subset in spec.get("subsets") or ():
        found = raw.mapping(subset, "labels")
        if found:
            subset["labels"] = {key: _value(value, changed.get(key)) for key, value in found.items()}
    return body


def _value(value: str, changed: str | None) -> str:
    """A label that has another value than the stable's pods belongs to other pods, and stays."""
    return value if changed is None or canary_value(value) != changed else changed


def _is_for(rule: raw.Raw, target: Target) -> bool:
    return host.same(raw.text(rule, "spec", "host"), target.service.host, raw.namespace(rule))


def _contradicts(subset: Mapping[str, str], selector: Mapping[str, str]) -> bool:
    return any(selector.get(key, value) != value for key, value in subset.items())


def _is_service(granted: raw.Raw, name: str) -> bool:
    return (raw.text(granted, "group"), raw.text(granted, "kind"), raw.text(granted, "name")) == ("", "Service", name)


def _names(entry: Any, sidecar: raw.Raw, service: host.Service) -> bool:
    """Whether an egress host is a service by name: C(NAMESPACE/HOST), where C(.) is the Sidecar's own and C(*) any namespace."""
    where, _slash, named = str(entry).partition("/")
    home = raw.namespace(sidecar) if where == "." else where
    return named == service.host and home in ("*", service.namespace)


def _sees(entry: Any, sidecar: raw.Raw, service: host.Service) -> bool:
    where, _slash, named = str(entry).partition("/")
    home = raw.namespace(sidecar) if where == "." else where
    return home in ("*", service.namespace) and (named == service.host or host.is_covered(service, named))


def _hosts(sidecar: raw.Raw) -> list[list[Any]]:
    return [raw.items(entry, "hosts") for entry in raw.items(sidecar, "spec", _EGRESS)]


def _with_canary(hosts: list[Any], sidecar: raw.Raw, target: Target) -> list[Any]:
    if any(_sees(one, sidecar, target.canary_service) for one in hosts):
        return hosts
    result = []
    for one in hosts:
        result.append(one)
        if _names(one, sidecar, target.service):
            result.append(f"{str(one).partition('/')[0]}/{target.canary_service.host}")
    return result


def _given_back(sidecar: raw.Raw, target: Target) -> list[list[Any]]:
    hosts, originals = _hosts(sidecar), _recorded(sidecar, target)
    naming = [one for one in hosts if _any_names(one, sidecar, target)]
    if [_with_canary(one, sidecar, target) for one in originals] == naming:
        remaining = iter(originals)
        return [next(remaining) if _any_names(one, sidecar, target) else one for one in hosts]
    return [_without_canary(one, sidecar, target) if originals else one for one in hosts]


def _recorded(sidecar: raw.Raw, target: Target) -> list[list[Any]]:
    """The hosts, as they were, of each entry that names the stable."""
    return [one for one in raw.items(former.record(sidecar, target) or {}, _EGRESS) if isinstance(one, list)]


def _original(hosts: list[Any], sidecar: raw.Raw, target: Target, earlier: list[list[Any]]) -> list[Any]:
    changed_since = _without_canary(hosts, sidecar, target) if earlier else hosts
    return next((one for one in earlier if _with_canary(one, sidecar, target) == hosts), changed_since)


def _without_canary(hosts: list[Any], sidecar: raw.Raw, target: Target) -> list[Any]:
    return [one for one in hosts if not _names(one, sidecar, target.canary_service)]


def _any_names(hosts: list[Any], sidecar: raw.Raw, target: Target) -> bool:
    return any(_names(one, sidecar, target.service) for one in hosts)


def _patch(sidecar: Object, target: Target, hosts: list[list[Any]], annotation: str | None, reason: str) -> Patch:
    egress = copy.deepcopy(raw.items(sidecar, "spec", _EGRESS))
    for entry, wanted in zip(egress, hosts, strict=True):
        if raw.items(entry, "hosts") != wanted:
            entry["hosts"] = list(wanted)
    spec = {} if egress == raw.items(sidecar, "spec", _EGRESS) else {"spec": {_EGRESS: egress}}
    patch: Object = {"metadata": {"annotations": {target.record_annotation: annotation}}, **spec}
    version = raw.text(sidecar, "metadata", "resourceVersion")
    return Patch(ref_of(sidecar), patch, MANAGER, merge_patch.restricted(sidecar, patch), version, reason)
