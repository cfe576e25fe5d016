# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Helm values that a chart does not take: keys that it does not read, and values of another type than its own.

Those that a user gives are refused before anything is written, because Helm passes them over. Those that another revision
was made with are left behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._errors import MeshyardError
from .._words import listed
from . import meshconfig
from .istiod_types import DEFAULTS
from .value_problem import At, ValueProblem, is_number, no_map, path_of, suggest, wrong_type
from .values import WRAPPER, Values, hoist, unwrap, without

_EVERYWHERE = ("compatibilityVersion", "platform", "profile")
# Keys that the templates read although the defaults do not have them, and maps that take keys of the user's own. What
# is below such a key is not judged.
FREE: Mapping[str, tuple[str, ...]] = {
    "base": (*_EVERYWHERE, "base.validationFailurePolicy", "global"),
    "gateway": (
        *_EVERYWHERE,
        "annotations",
        # An empty map by default, and a number where it is set.
        "autoscaling.targetMemoryUtilizationPercentage",
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


_NUMBER = (int, float)
# In this order: Python takes true for a number.
_TYPES = ((bool, "true or false"), (_NUMBER, "a number"), (str, "text"), (list, "a list"))


def problems(values: Mapping[str, Any], defaults: Mapping[str, Any], chart: str = "istiod", minor: int | None = None) -> list[ValueProblem]:
    """What a chart does not take, with what was probably meant.

    :param values: the values as the user gave them.
    :param defaults: the chart's own values, as C(helm show values) gives them.
    :param chart: C(base), C(istiod) or C(gateway).
    :param minor: the minor version of Istio, for fields of C(meshConfig) that are not in every version.
    """
    known = unwrap(defaults)
    if chart != "istiod":
        return list(_Chart(chart, known).judge(values, known, ()))
    given = hoist(values)
    mesh = meshconfig.problems(given.pop("meshConfig", None), minor)
    pilot = values.get("pilot")
    unread = [] if pilot is None or isinstance(pilot, Mapping) else [no_map(("pilot",))]
    return [*unread, *_Chart(chart, known).judge(given, known, ()), *mesh]


def refuse(values: Mapping[str, Any], defaults: Mapping[str, Any], chart: str = "istiod", minor: int | None = None) -> list[str]:
    """Refuse values that the chart does not take.

    :returns: warnings of values that only an Istio newer than this collection can know.
    :raises MeshyardError: names every value that is not taken, with what was probably meant.
    """
    found = problems(values, defaults, chart, minor)
    _raise([one for one in found if one.code != "newer"], chart)
    return [
        f"The field {one} of Istio 1.{minor} is not known to this collection, whose table ends with 1.{meshconfig.NEWEST}."
        for one in found
        if one.code == "newer"
    ]


def refuse_mistyped(values: Mapping[str, Any], minor: int | None = None) -> None:
    """Refuse values of the istiod chart by their types alone, where no chart is at hand; a C(meshConfig) is judged whole.

    :raises MeshyardError: names every value of the wrong type.
    """
    found = problems(values, DEFAULTS, "istiod", minor)
    _raise([one for one in found if one.code in ("no_map", "type") or (one.code == "unknown" and one.at[0] == "meshConfig")], "istiod")


def only_read(
    values: Mapping[str, Any], defaults: Mapping[str, Any], chart: str = "istiod", minor: int | None = None
) -> tuple[Values, list[str]]:
    """Values without what the chart passes over, and the paths of that. A value of another type may still have an effect, and stays."""
    unread = [one for one in problems(values, defaults, chart, minor) if one.code in ("unknown", "no_map")]
    kept: Values = without(hoist(values) if chart == "istiod" else values, {one.at for one in unread})
    return kept, [one.path for one in unread]


def _raise(found: Sequence[ValueProblem], chart: str) -> None:
    unknown = [one.path for one in found if one.code == "unknown"]
    mistyped = [one.path for one in found if one.code != "unknown"]
    if found:
        which = "this value" if len(found) == 1 else "these values"
        raise MeshyardError(
            f"The {chart} chart does not {'take' if mistyped else 'know'} {which}: {listed(found)}.",
            "Correct or remove what is listed: Helm would pass it over, or render something else, in silence.",
            unknown_values=unknown,
            mistyped_values=mistyped,
            code="chart_unusable",
        )


class _Chart:
    """What one chart accepts beyond its defaults, and where its keys are."""

    def __init__(self, name: str, known: Mapping[str, Any]) -> None:
        self.free: frozenset[At] = frozenset(tuple(path.split(".")) for path in FREE[name])
        self.places: dict[str, list[At]] = {}
        for at in (*_places(known), *self.free):
            self.places.setdefault(str(at[-1]), []).append(at)

    def judge(self, values: Mapping[str, Any], known: Mapping[str, Any], at: At) -> Iterator[ValueProblem]:
        """What is wrong with the values below a key, whose defaults are given."""
        siblings = [*known, *self._below(at)]
        for key, value in values.items():
            here = (*at, key)
            if key not in siblings:
                yield self._nowhere(here, siblings)
            elif value is not None:
                yield from self._value(value, known, here)

    def _value(self, value: Any, known: Mapping[str, Any], at: At) -> Iterator[ValueProblem]:
        key, free = at[-1], at in self.free
        # A key that is neither a default nor free only leads to one that is.
        default = known[str(key)] if key in known else None if free else {}
        mistyped = None if free and default == {} else _mistyped(at, value, default)
        if mistyped:
            yield mistyped
        elif not free and isinstance(default, Mapping) and (default or key not in known):
            yield from self.judge(value, default, at)

    def _below(self, at: At) -> list[str]:
        """The free keys directly below a key, also where they only lead to one."""
        return [str(free[len(at)]) for free in self.free if free[: len(at)] == at and len(free) > len(at)]

    def _nowhere(self, at: At, siblings: Sequence[str]) -> ValueProblem:
        if at == (WRAPPER,):
            return ValueProblem(at, note="set the keys below it directly")
        return ValueProblem(at, suggestion=self._likely(at, siblings))

    def _likely(self, at: At, siblings: Sequence[str]) -> str | None:
        """A sibling of nearly the same name, else the one other place that has a key of exactly this name."""
        near = suggest(str(at[-1]), siblings)
        if near:
            return path_of((*at[:-1], near))
        elsewhere = self.places.get(str(at[-1]), [])
        return path_of(elsewhere[0]) if len(elsewhere) == 1 else None


def _mistyped(at: At, value: Any, default: Any) -> ValueProblem | None:
    """What is wrong with the type of a value, when it is not that of the chart's default; a default of null has none."""
    if isinstance(default, Mapping):
        return None if isinstance(value, Mapping) else no_map(at)
    for kind, wanted in _TYPES:
        if isinstance(default, kind):
            return None if _suits(value, kind, default) else wrong_type(at, wanted, value)
    return None


def _suits(value: Any, kind: Any, default: Any) -> bool:
    if kind is _NUMBER or _is_percentage(default):
        # Kubernetes takes a number of pods or a percentage of them.
        return is_number(value) or _is_percentage(value)
    return isinstance(value, kind)


def _is_percentage(value: Any) -> bool:
    return isinstance(value, str) and value.endswith("%")


def _places(known: Mapping[str, Any], at: At = ()) -> list[At]:
    found: list[At] = []
    for key, value in known.items():
        found.append((*at, key))
        if isinstance(value, Mapping):
            found += _places(value, (*at, key))
    return found
