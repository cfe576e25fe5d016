# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""How messages name many things: ten of them, and how many more there are. Return values name all."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 10
TIME = "%Y-%m-%dT%H:%M:%SZ"
"""A moment in UTC as Kubernetes writes it."""


def counted(number: int, word: str) -> str:
    """A number of things, such as C(1 pod) and C(2 pods)."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def listed(things: Iterable[object], separator: str = ", ", most: int = MOST) -> str:
    """The first things in their order and the number of the others, such as C(a, b and 4,990 more); empty without any.

    :param separator: what stands between two: C("; ") between phrases. :param most: how many are named.
    """
    names = [str(one) for one in things]
    shown, more = separator.join(names[:most]), len(names) - most
    if more <= 0:
        return shown
    return f"{shown}{';' if separator == '; ' else ''} and {more:,} more"


def sentences(texts: Iterable[str], most: int = MOST) -> str:
    """The first sentences, and how many more there are."""
    found = list(texts)
    more = len(found) - most
    return " ".join([*found[:most], *([f"And {more:,} more."] if more > 0 else [])])


def lines(texts: Iterable[str], most: int = MOST) -> list[str]:
    """The first lines, and one that says how many more there are.

    :param most: how many are kept; 0 keeps all.
    """
    found = list(texts)
    more = len(found) - most
    return [*found[:most], f"and {more:,} more"] if most and more > 0 else found
