# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Keys in Helm values that no chart reads: refused before anything is written, because Helm passes them over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import MeshyardError
from .meshconfig import unknown_fields
from .unknown import Unknown, suggest
from .values import WRAPPER, Path, hoist, unwrap

_EVERYWHERE = ("compatibilityVersion", "platform", "profile")
# Keys that the templates read although the defaults do not have them, and maps that take keys of the user's own. What
# is below such a key is not judged.
FREE: Mapping[str, tuple[str, ...]] = {
    "base": (*_EVERYWHERE, "base.validationFailurePolicy", "global"),
    "gateway": (
        *_EVERYWHERE,
        "annotations",
        "defaultRevision",
        "global",
        "labels",
        "networkGatewayPorts",
        "podAnnotations",
        "resources",
        "runAsRoot",
        "service.allocateLoadBalancerNodePorts",
        "service.internalTrafficPolicy",
        "service.loadBalancerClass",
        "unprivilegedPort",
    ),
    "istiod": (
        *_EVERYWHERE,
        "base.validationCABundle",
        "base.validationFailurePolicy",
        "base.validationURL",
        "crlConfigMapName",
        "global.agentgateway",
        "global.defaultResources",
        "global.ipFamilies",
        "global.ipFamilyPolicy",
        "global.platform",
        "global.podDNSSearchNamespaces",
        "global.profile",
        "global.proxy.capNetBindService",
        "global.proxy.holdApplicationUntilProxyStarts",
        "global.proxy.lifecycle",
        "global.proxy.resources",
        "global.proxy.variant",
        "global.tracer",
        "global.trustBundleName",
        "global.trustDomain",
        "global.waypoint.resources",
        "pdb.maxUnavailable",
        "resources",
        "terminationMessagePolicy",
        "trafficDistribution",
    ),
}


def unknown_keys(values: Mapping[str, Any], defaults: Mapping[str, Any], chart: str = "istiod", minor: int | None = None) -> list[Unknown]:
    """The keys in values that a chart does not read, with what was probably meant.

    :param values: the values as the user gave them.
    :param defaults: the chart's own values, as C(helm show values) gives them.
    :param chart: C(base), C(istiod) or C(gateway).
    :param minor: the minor version of Istio, for fields of C(meshConfig) that are not in every version.
    """
    known = unwrap(defaults)
    given = hoist(values) if chart == "istiod" else dict(values)
    mesh = unknown_fields(given.pop("meshConfig", None), minor) if chart == "istiod" else []
    return [*_unknown(given, known, (), _Chart(chart, known)), *mesh]


def refuse_unknown(values: Mapping[str, Any], defaults: Mapping[str, Any], chart: str = "istiod", minor: int | None = None) -> None:
    """Refuse values with a key that the chart does not read.

    :raises MeshyardError: names every such key, with what was probably meant.
    """
    found = unknown_keys(values, defaults, chart, minor)
    if found:
        raise MeshyardError(
            f"The {chart} chart does not know {'this value' if len(found) == 1 else 'these values'}: {', '.join(map(str, found))}.",
            "Correct or remove what is listed: Helm would pass it over in silence.",
            unknown_values=[one.path for one in found],
        )


def top_level(defaults: Mapping[str, Any], chart: str = "istiod") -> frozenset[str]:
    """The keys that a chart reads at the top of its values."""
    return frozenset([*unwrap(defaults), *(path.partition(".")[0] for path in FREE[chart])])


class _Chart:
    """What one chart accepts beyond its defaults, and where its keys are."""

    def __init__(self, name: str, known: Mapping[str, Any]) -> None:
        self.free = frozenset(tuple(path.split(".")) for path in FREE[name])
        self.places: dict[str, list[Path]] = {}
        for path in (*_paths(known), *self.free):
            self.places.setdefault(path[-1], []).append(path)

    def below(self, path: Path) -> list[str]:
        """The free keys directly below a path, also where they only lead to one."""
        return [free[len(path)] for free in self.free if free[: len(path)] == path and len(free) > len(path)]

    def likely(self, path: Path, siblings: Sequence[str]) -> str | None:
        """A sibling of nearly the same name, else the one other place that has a key of exactly this name."""
        near = suggest(path[-1], siblings)
        if near:
            return ".".join((*path[:-1], near))
        elsewhere = self.places.get(path[-1], [])
        return ".".join(elsewhere[0]) if len(elsewhere) == 1 else None


def _unknown(values: Mapping[str, Any], known: Mapping[str, Any], path: Path, chart: _Chart) -> list[Unknown]:
    found: list[Unknown] = []
    siblings = [*known, *chart.below(path)]
    for key, value in values.items():
        here = (*path, key)
        if key not in siblings:
            found.append(_nowhere(here, siblings, chart))
        elif here not in chart.free and not _takes_anything(key, known):
            found += _below(value, known.get(key, {}), here, chart)
    return found


def _takes_anything(key: str, known: Mapping[str, Any]) -> bool:
    """Whether a key's default has no keys of its own: an empty map, a list or a single value."""
    return key in known and not (isinstance(known[key], Mapping) and known[key])


def _below(value: Any, known: Mapping[str, Any], path: Path, chart: _Chart) -> list[Unknown]:
    if value is None:
        return []
    if not isinstance(value, Mapping):
        return [Unknown(".".join(path), note="it must be a map")]
    return _unknown(value, known, path, chart)


def _nowhere(path: Path, siblings: Sequence[str], chart: _Chart) -> Unknown:
    if path == (WRAPPER,):
        return Unknown(WRAPPER, note="set the keys below it directly")
    return Unknown(".".join(path), chart.likely(path, siblings))


def _paths(known: Mapping[str, Any], path: Path = ()) -> list[Path]:
    found: list[Path] = []
    for key, value in known.items():
        found.append((*path, key))
        if isinstance(value, Mapping):
            found += _paths(value, (*path, key))
    return found
