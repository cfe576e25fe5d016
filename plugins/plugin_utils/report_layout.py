# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a page is made of: sections of problems, bars and tables, of which very long ones are cut and say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LONGEST, MOST_PROBLEMS = 2000, 500
"""Rows of one table and problems of one list, so that a page of a large mesh can be opened; the data hold all of them."""
COLOURS = 4

Cells = Sequence[Any]
Problem = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A table.

    :ivar caption: what it lists. :ivar left_out: how many rows the page does not show.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[Cells, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Bar:
    """Shares of a whole, told in words too.

    :ivar parts: each with its name, its number, its share in percent, and its colour, which is that of its name in all bars.
    """

    label: str
    total: int
    parts: tuple[tuple[str, int, float, int], ...]


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading.

    :ivar key: by which a link leads to it. :ivar problems: None where it is about something else. :ivar left_out: how many of them are
        not shown.
    """

    key: str
    title: str
    tables: tuple[Table, ...] = ()
    bars: tuple[Bar, ...] = ()
    problems: tuple[Problem, ...] | None = None
    left_out: int = 0


@dataclass(frozen=True)
class Page:
    """A whole page.

    :ivar lines: what it is about. :ivar status: its verdict in a word. :ivar message: the same in a sentence.
    """

    title: str
    lines: tuple[str, ...]
    status: str
    message: str
    sections: tuple[Section, ...]


def table(caption: str, heads: Sequence[str], found: Iterable[Cells]) -> Table:
    """A table, of which the page shows the first rows; the first cell of each names it."""
    known = tuple(found)
    return Table(caption, tuple(heads), known[:LONGEST], max(0, len(known) - LONGEST))


def problems(key: str, title: str, found: Sequence[Problem]) -> Section:
    """A list of problems, of which the page shows the first."""
    return Section(key, title, problems=tuple(found[:MOST_PROBLEMS]), left_out=max(0, len(found) - MOST_PROBLEMS))


def shares(label: str, counts: Mapping[str, int], names: Sequence[str]) -> Bar:
    """The shares of a whole.

    :param names: of all bars, in their order.
    """
    total = sum(counts.values())
    known = [(name, counts[name], colour) for colour, name in enumerate(names) if counts.get(name)]
    return Bar(label, total, tuple((name, count, round(100 * count / total, 2), colour % COLOURS) for name, count, colour in known))
