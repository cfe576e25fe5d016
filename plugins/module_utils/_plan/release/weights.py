# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""How the weights of a route are divided between the stable destination and the canary, exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..._errors import MeshyardError

_WHOLE = 100


@dataclass(frozen=True)
class Rule:
    """What weights mean in one kind of route.

    :ivar missing: what a destination without a weight counts. :ivar lone_takes_all: whether one without others ignores its weight.
    :ivar most: the largest weight.
    """

    missing: int
    lone_takes_all: bool
    most: int


ISTIO = Rule(missing=0, lone_takes_all=True, most=2**31 - 1)
GATEWAY_API = Rule(missing=1, lone_takes_all=False, most=1_000_000)


def effective(given: Sequence[int | None], rule: Rule) -> list[int]:
    """What the weights of a route's destinations count."""
    if len(given) == 1 and rule.lone_takes_all:
        return [_WHOLE]
    return [rule.missing if one is None else one for one in given]


def divided(given: Sequence[tuple[int | None, bool]], percent: int, rule: Rule) -> list[int]:
    """The weights with the canary: behind each stable destination one more, which takes C(percent) of its share.

    Other destinations keep their shares exactly, so that all weights grow; they are made smaller where no share is lost by it.

    :param given: the weight of each destination, and whether it is the stable one.
    :raises MeshyardError: the weights would be larger than the API server takes.
    """
    counted = effective([weight for weight, _stable in given], rule)
    result: list[int] = []
    for weight, (_given, stable) in zip(counted, given, strict=True):
        result += [weight * (_WHOLE - percent), weight * percent] if stable else [weight * _WHOLE]
    return _smaller(result, rule)


def _smaller(weights: list[int], rule: Rule) -> list[int]:
    if all(weight % _WHOLE == 0 for weight in weights):
        return [weight // _WHOLE for weight in weights]
    if max(weights) <= rule.most:
        return weights
    common = math.gcd(*weights)
    if max(weights) // common > rule.most:
        raise MeshyardError(
            f"The weights {', '.join(map(str, weights))} would be larger than {rule.most}, the largest that a route may have.",
            "Give the route smaller weights in the same proportion, then run again.",
        )
    return [weight // common for weight in weights]
