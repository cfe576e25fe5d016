# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What callbacks get for a result, under names that ansible-core has only since 2.19."""

from __future__ import annotations

from typing import Any

_VERBOSE_ALWAYS = "_ansible_verbose_always"  # what debug and assert set, whose message is what they are for
_LOOP = "ansible_loop_var"


def host(result: Any) -> str:
    """The inventory host of a result."""
    return str((result.host if hasattr(result, "host") else result._host).get_name())


def task(result: Any) -> Any:
    """The task of a result."""
    return result.task if hasattr(result, "task") else result._task


def name(result: Any) -> str:
    """The name of its task, with the values of variables."""
    return str(result.task_name)


def values(result: Any) -> dict[str, Any]:
    """What the module returned, the same dictionary at every call; secrets are gone from it."""
    found: dict[str, Any] = result.result if hasattr(result, "result") else result._result
    return found


def is_whole_loop(result: Any) -> bool:
    """Whether a result is that of a loop, each item of which has had one of its own."""
    return bool(task(result).loop) and "results" in values(result)


def is_item(result: Any) -> bool:
    """Whether a result is one of an item."""
    return _LOOP in values(result)


def message(result: Any) -> str | None:
    """What a task is there to say, or None where it does something else."""
    found = values(result)
    if not found.get(_VERBOSE_ALWAYS) or "msg" not in found:
        return None
    told = found["msg"]
    return "\n".join(map(str, told)) if isinstance(told, list) else str(told)
