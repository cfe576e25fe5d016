# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Helm values: layered as Helm layers them, and carried over from one revision to the next."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping
from copy import deepcopy
from typing import Any

from .._errors import MeshyardError

Values = dict[str, Any]
Path = tuple[str, ...]

# The charts keep their defaults under this key, so that profiles can come between them and the user's values.
WRAPPER = "_internal_defaults_do_not_set"
# What names or fixes one version or revision, and is never taken along to another one.
BOUND = (
    ("tag",),
    ("image",),
    ("revision",),
    ("revisionTags",),
    ("compatibilityVersion",),
    ("defaultRevision",),
    # istioctl's owner: with it the next istioctl install would prune objects that are not its own.
    ("ownerName",),
    ("global", "tag"),
    (WRAPPER,),
)
_TAGGED_IMAGE = re.compile(r"[:@][^/]*$")
_OWN_DISCOVERY_ADDRESS = re.compile(r"istiod(-[-a-z0-9]+)?\.[-a-z0-9]+\.svc(\.[-.a-z0-9]+)?:15012")
_DISCOVERY_ADDRESS = ("meshConfig", "defaultConfig", "discoveryAddress")


def merge(*layers: Mapping[str, Any]) -> Values:
    """Values files in the order of C(helm -f): maps merge, everything else replaces what was before.

    A null stays: it deletes a chart's default.
    """
    merged: Values = {}
    for layer in layers:
        for key, value in layer.items():
            below = merged.get(key)
            if isinstance(below, Mapping) and isinstance(value, Mapping):
                merged[key] = merge(below, value)
            else:
                merged[key] = deepcopy(value)
    return merged


def unwrap(defaults: Mapping[str, Any]) -> Values:
    """A chart's defaults as a user writes them, out of the wrapper that Istio's charts put around them."""
    wrapped = defaults.get(WRAPPER)
    rest = {key: value for key, value in defaults.items() if key != WRAPPER}
    return merge(wrapped, rest) if isinstance(wrapped, Mapping) else merge(rest)


def hoist(values: Mapping[str, Any]) -> Values:
    """Values with C(pilot) merged into the top level, which is where the istiod chart reads them.

    The chart lets C(pilot) win. Without this, what one layer says under C(pilot) would outweigh what a later layer
    says at the top.
    """
    pilot = values.get("pilot")
    rest = {key: value for key, value in values.items() if key != "pilot"}
    return merge(rest, hoist(pilot)) if isinstance(pilot, Mapping) else merge(rest)


def carry_over(old: Mapping[str, Any]) -> Values:
    """The values of a revision for the next one, without what belongs to its own version.

    :param old: the values that the old revision was made with.
    """
    hoisted = hoist(old)
    kept: Values = without(hoisted, set(_bound(hoisted)))
    return kept


def without(values: Any, dropped: Container[tuple[str | int, ...]], at: tuple[str | int, ...] = ()) -> Any:
    """Values without what is at these places."""
    if isinstance(values, Mapping):
        return {key: without(below, dropped, (*at, key)) for key, below in values.items() if (*at, key) not in dropped}
    if isinstance(values, list):
        return [without(below, dropped, (*at, place)) for place, below in enumerate(values) if (*at, place) not in dropped]
    return values


def recorded(config_map: Mapping[str, Any]) -> Values:
    """The values that a revision was made with, as the chart recorded them in its ConfigMap C(values-REVISION).

    :raises MeshyardError: they are not there, or cannot be read.
    """
    name = config_map.get("metadata", {}).get("name", "")
    text = (config_map.get("data") or {}).get("original-values")
    try:
        found = json.loads(text or "")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise MeshyardError(
            f"The ConfigMap {name} holds no values under the key original-values.", "Give the values of the new revision yourself."
        )
    return found


def _bound(values: Values, path: Path = ()) -> Iterable[Path]:
    for key, value in values.items():
        here = (*path, key)
        if here in BOUND or _names_a_version(here, value):
            yield here
        elif isinstance(value, Mapping):
            yield from _bound(dict(value), here)


def _names_a_version(path: Path, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if path == _DISCOVERY_ADDRESS:
        return bool(_OWN_DISCOVERY_ADDRESS.fullmatch(value))
    return path[-1] == "image" and bool(_TAGGED_IMAGE.search(value))
