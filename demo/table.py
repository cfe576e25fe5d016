"""The result of a demonstration as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from demo.settings import EVIDENCE, RESULT

Row: TypeAlias = tuple[str, str, bool]
"""What a line is about, what was seen, and whether that is as it should be."""


def show(title: str, rows: Sequence[Row]) -> int:
    """Prints the table; 0 when every line is as it should be."""
    width = max(len(name) for name, _value, _good in rows)
    print(f"\nResult of {title}")
    for name, value, good in rows:
        print(f"  {'ok  ' if good else 'BAD '} {name:<{width}}  {value}")
    print(f"\nThe figures: {RESULT}\nThe raw evidence: {EVIDENCE}")
    return 0 if all(good for _name, _value, good in rows) else 1
