# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a source of events was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._errors import InvalidOption
from ..._mesh import labels
from ..._words import listed

ISTIOD, RELEASES, CERTIFICATES, TOKENS = "istiod_endpoints_changed", "release_waiting", "certificate_due", "token_due"
SUBJECTS = (ISTIOD, RELEASES, CERTIFICATES, TOKENS)
UNREACHABLE, REACHABLE = "cluster_unreachable", "cluster_reachable"
"""What is told of every cluster, whatever else was asked for."""

_NUMBERS = {"settle_seconds": 1.0, "check_seconds": 3600.0, "certificate_days": 30.0, "token_days": 90.0, "watch_seconds": 240.0}
_ZERO_WILL_DO = ("settle_seconds",)
_KNOWN = ("clusters", "events", "control_plane_namespace", *_NUMBERS)


@dataclass(frozen=True)
class EventRequest:
    """The clusters and what is to be told of them.

    :ivar clusters: connection options by the name of the cluster. :ivar settle: seconds that addresses of istiod may go on changing
        before they are told. :ivar check: seconds between two looks at what expires. :ivar watch: seconds that one watch may last.
    """

    clusters: Mapping[str, Mapping[str, Any]]
    subjects: tuple[str, ...]
    namespace: str
    settle: float
    check: float
    certificate_days: float
    token_days: float
    watch: float


def parse(given: Mapping[str, Any], connection_words: Sequence[str]) -> EventRequest:
    """The request that the arguments of a source make.

    :param connection_words: the connection options that there are.
    :raises InvalidOption: one of them is not known, or cannot be what it is.
    """
    unknown = sorted(given.keys() - set(_KNOWN))
    if unknown:
        raise InvalidOption(f"The source of events has no argument {unknown[0]}.", f"Those that it has are {listed(_KNOWN)}.")
    numbers = {name: _number(name, given.get(name, default)) for name, default in _NUMBERS.items()}
    return EventRequest(
        _clusters(given.get("clusters"), connection_words),
        _subjects(given.get("events")),
        str(given.get("control_plane_namespace") or labels.SYSTEM_NAMESPACE),
        settle=numbers["settle_seconds"],
        check=numbers["check_seconds"],
        certificate_days=numbers["certificate_days"],
        token_days=numbers["token_days"],
        watch=numbers["watch_seconds"],
    )


def _clusters(given: Any, connection_words: Sequence[str]) -> dict[str, dict[str, Any]]:
    remedy = "Give a list, each with its name and connection options, such as {name: eu, kubeconfig: ~/.kube/config, context: eu}."
    if not isinstance(given, list) or not given or not all(isinstance(one, Mapping) and one.get("name") for one in given):
        raise InvalidOption("The argument clusters of the source of events is no list of clusters with names.", remedy)
    found: dict[str, dict[str, Any]] = {}
    for one in given:
        name = str(one["name"])
        unknown = sorted(one.keys() - {"name", *connection_words})
        if unknown:
            raise InvalidOption(f"The cluster {name} has an option that is not known: {unknown[0]}.", remedy)
        if name in found:
            raise InvalidOption(f"Two clusters of the source of events are called {name}.", "Give each cluster a name of its own.")
        found[name] = {word: value for word, value in one.items() if word != "name" and value not in (None, "")}
    return found


def _subjects(given: Any) -> tuple[str, ...]:
    if given is None:
        return SUBJECTS
    wanted = [given] if isinstance(given, str) else list(given)
    unknown = [one for one in wanted if one not in SUBJECTS]
    if unknown or not wanted:
        problem = f"The source of events knows no event {unknown[0]}." if unknown else "No event is named for the source of events."
        raise InvalidOption(problem, f"Name some of {listed(SUBJECTS)}.")
    return tuple(one for one in SUBJECTS if one in wanted)


def _number(name: str, given: Any) -> float:
    try:
        found = float(given)
    except (TypeError, ValueError):
        found = -1.0
    if not 0 <= found < float("inf") or (found == 0 and name not in _ZERO_WILL_DO):
        raise InvalidOption(f"The argument {name} of the source of events is no number of that kind: {given}.", "Give a number above 0.")
    return found
