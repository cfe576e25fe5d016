# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Numbers, names and versions that options may have: what is out of range is refused by name, before anything is asked or written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._charts import versions
from .._errors import InvalidOption, MeshyardError

_DAY = 86_400
_NUMBERS = {
    "wait_timeout": (0, _DAY),
    "hold_timeout": (0, _DAY),
    "no_data_timeout": (0, _DAY),
    "settle": (0, _DAY),
    "window": (1, _DAY),
    "min_requests": (1, 1_000_000_000),
    "watch": (0, _DAY),
    "max_parallel": (1, 1_000),
    "max_wave_size": (1, 10_000),
}
_NAMESPACES = ("control_plane_namespace", "namespace", "gateway_namespace", "remote_namespace")
_NEEDED = ("control_plane_namespace", "namespace", "remote_namespace")  # an empty one would mean all namespaces, or default
_LABEL_VALUES = ("network",)
# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and .../labels/
_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def check(params: Mapping[str, Any]) -> None:
    """Returns when every option that is given can be what it says.

    :raises InvalidOption: one cannot; it is named.
    """
    _refuse_version(params.get("version"))
    for name, (lowest, highest) in _NUMBERS.items():
        given = params.get(name)
        if given is not None and not lowest <= given <= highest:
            raise _refusal(f"The option {name} is {given}.", f"Give a number from {lowest} to {highest}.")
    for name in _NEEDED:
        if params.get(name) == "":
            raise _refusal(f"The option {name} is empty.", "Give the name of a namespace, or leave the option out.")
    for name in _NAMESPACES:
        if params.get(name) and not _DNS_LABEL.fullmatch(params[name]):
            raise _refusal(f"The option {name} is {params[name]!r}, which no namespace can be called.", "Correct the name.")
    _refuse_names(params)
    for name in _LABEL_VALUES:
        if params.get(name) and not _LABEL_VALUE.fullmatch(params[name]):
            raise _refusal(
                f"The option {name} is {params[name]!r}, which cannot be the value of a label.",
                "Use at most 63 letters, digits, dashes, dots and underscores, with a letter or digit at both ends.",
            )


def _refuse_names(params: Mapping[str, Any]) -> None:
    """What becomes part of the address of an object: nothing else of the address may come with it."""
    given = params.get("name")
    if given is not None and not _NAME.fullmatch(given):
        raise _refusal(f"The option name is {given!r}, which nothing in a cluster can be called.", "Correct the name.")
    for entry in params.get("namespaces") or ():
        if not _DNS_LABEL.fullmatch(entry.rpartition("/")[2]):
            raise _refusal(f"The option namespaces holds {entry!r}, which no namespace can be called.", "Correct the list.")


def _refuse_version(given: str | None) -> None:
    try:
        if given:
            versions.parse(given)
    except MeshyardError as problem:
        raise _refusal(f"The option version is wrong: {problem.problem}", problem.remedy) from problem


def _refusal(problem: str, remedy: str) -> InvalidOption:
    return InvalidOption(problem, remedy)
