# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What may not be asked of locality load balancing: one sentence each, before anything is read or written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._charts import meshconfig
from ..._errors import InvalidOption, MeshyardError
from ..._mesh import locality, raw, traffic_prediction

Options = Mapping[str, Any]
_PERCENTAGES = ("max_ejection_percent", "min_health_percent")
_MOST_ERRORS = 2**32 - 1


def refuse(options: Options) -> None:
    """Returns where the options make sense by themselves.

    :param options: C(enabled), C(failover), C(failover_priority), C(distribute), C(outlier_detection) and C(connection_pool), each
        None or empty where it was not given.
    :raises MeshyardError: the first thing that is wrong.
    """
    failover, priority, distribute = (options[key] or [] for key in ("failover", "failover_priority", "distribute"))
    given = any(options[key] is not None for key in ("enabled", "outlier_detection", "connection_pool"))
    if not (failover or priority or distribute or given):
        raise InvalidOption(
            "There is nothing to set: no enabled, failover, failover_priority, distribute, outlier_detection or connection_pool.",
            "Give at least one of them, or state absent to bring the former state back.",
        )
    if distribute and (failover or priority):
        raise InvalidOption(
            f"distribute and {'failover' if failover else 'failover_priority'} cannot be given together.",
            "Give weights (distribute) or an order of places (failover, failover_priority), not both.",
        )
    if options["enabled"] is False and (failover or priority or distribute):
        raise InvalidOption(
            "enabled is false, so that failover, failover_priority and distribute would do nothing.",
            "Leave them out, or leave enabled out.",
        )
    _refuse_failover(failover)
    _refuse_priority(priority, failover)
    _refuse_distribute(distribute)
    _refuse_outliers(options["outlier_detection"] or {})


def refuse_policy(policy: raw.Raw, asked: Options, title: str) -> None:
    """Returns where the traffic policy, as it would be, does what was asked of localities.

    :param asked: the fields that were asked for. :param title: what holds the policy.
    :raises MeshyardError: priorities without outlier detection, or another setting that goes before.
    """
    setting = traffic_prediction.setting_of(policy)
    if "localityLbSetting" not in asked:
        return
    if (setting.failover or setting.failover_priority) and not setting.outlier_detection:
        raise MeshyardError(
            f"{title} would have failover without outlier detection, and Istio would never fail over.",
            "Give outlier_detection too.",
        )
    if raw.at(policy, "loadBalancer", "zoneAwareLbSetting") is not None:
        raise MeshyardError(
            f"{title} has a zoneAwareLbSetting, which goes before every locality setting.",
            "Take it out first.",
        )


def _refuse_failover(failover: Sequence[Mapping[str, str]]) -> None:
    seen: set[str] = set()
    for one in failover:
        source, target = one["from"], one["to"]
        named = f"The failover from {source or '(empty)'} to {target or '(empty)'}"
        if source == target:
            raise InvalidOption(f"{named} leads back to where it begins.", "Name another region in to.")
        if not source or not target or any(mark in text for mark in ("/", locality.ANY) for text in (source, target)):
            raise InvalidOption(f"{named} must name two regions, without zones (/) and without *.", "Give the names of regions alone.")
        if source in seen:
            raise InvalidOption(f"There are two failovers from {source}, of which only the first would count.", "Give one of them.")
        seen.add(source)


def _refuse_priority(priority: Sequence[str], failover: Sequence[Any]) -> None:
    for entry in priority:
        key, _equals, value = entry.partition("=")
        if not key or "=" in value:
            raise InvalidOption(f"'{entry}' in failover_priority is not a label.", "Write the key of a label, or key=value.")
        if failover and key in locality.PLACES:
            raise InvalidOption(
                f"failover_priority names {key} while failover is given, which orders regions, zones and subzones by itself.",
                "Leave that label or failover out.",
            )


def _refuse_distribute(distribute: Sequence[Mapping[str, Any]]) -> None:
    for one in distribute:
        source, to = one["from"], one["to"]
        for weight in to.values():
            if number(weight) is None or not 1 <= (number(weight) or 0) <= 100:
                raise InvalidOption(
                    f"The weight {weight} in distribute from {source} is not a whole number from 1 to 100.",
                    "Correct it; leave a locality out that is to get nothing.",
                )
        total = sum(number(weight) or 0 for weight in to.values())
        if total != 100:
            raise InvalidOption(f"The weights of distribute from {source} sum to {total}, not to 100.", "Make them sum to 100.")
        _refuse_patterns(to, f"to of distribute from {source}")
        _refuse_overlap_of_targets(list(to), source)
    sources = [one["from"] for one in distribute]
    _refuse_patterns(sources, "from of distribute")
    _refuse_overlap_of_sources(sources)


def number(weight: Any) -> int | None:
    """A whole number, also one that a template made text of; None for anything else."""
    if isinstance(weight, bool) or not str(weight).isascii() or not str(weight).isdigit():
        return None
    return int(str(weight))


def _refuse_outliers(given: Mapping[str, Any]) -> None:
    """Istio refuses such a rule, and an istiod does not start with such a mesh configuration."""
    for option in ("interval", "base_ejection_time"):
        text = given.get(option)
        if text is not None and not (meshconfig.is_duration(text) and any(digit in text for digit in "123456789") and text[0] != "-"):
            raise InvalidOption(f"{option} of outlier_detection is {text!r}, which is no duration.", "Give one such as 10s or 1m30s.")
    for options, highest in ((("consecutive_5xx_errors", "consecutive_gateway_errors"), _MOST_ERRORS), (_PERCENTAGES, 100)):
        for option in options:
            if not 0 <= (given.get(option) or 0) <= highest:
                raise InvalidOption(f"{option} of outlier_detection is {given[option]}.", f"Give a number from 0 to {highest}.")


def _refuse_patterns(patterns: Iterable[str], where: str) -> None:
    for pattern in patterns:
        parts = pattern.split("/")
        starred = [position for position, part in enumerate(parts, 1) if locality.ANY in part]
        if not all(parts) or len(parts) > 3 or (starred and (starred != [len(parts)] or parts[-1] != locality.ANY)):
            raise InvalidOption(
                f"'{pattern}' in {where} is not a locality.",
                "Write region, region/zone or region/zone/subzone, where the last part may be *, or * alone.",
            )


def _refuse_overlap_of_sources(sources: Sequence[str]) -> None:
    """The first pattern that names a client counts, so that one which ends in C(*) may follow those that it covers, never go before."""
    for position, later in enumerate(sources):
        for earlier in sources[:position]:
            if earlier == locality.ANY and later != locality.ANY:
                raise InvalidOption(f"In distribute, from '*' stands before '{later}', which would never count.", "Put '*' last.")
            if locality.covers(earlier, later) or (locality.covers(later, earlier) and not later.endswith(locality.ANY)):
                raise InvalidOption(
                    f"In distribute, from '{earlier}' and '{later}' overlap.",
                    "Let each locality be named once; only a pattern that ends in * may follow what it covers.",
                )


def _refuse_overlap_of_targets(targets: Sequence[str], source: str) -> None:
    """Istio looks through them in any order, so that none may cover another."""
    for position, later in enumerate(targets):
        for earlier in targets[:position]:
            if locality.covers(earlier, later) or locality.covers(later, earlier):
                raise InvalidOption(
                    f"In distribute from {source}, '{earlier}' and '{later}' of to overlap.",
                    "Name each locality once: Istio takes overlapping ones in any order.",
                )
