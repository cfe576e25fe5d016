# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The sections of the record of a change on its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..module_utils._words import counted
from .report_layout import Page, Section, Table, problems, table
from .report_rows import counts, yes

Document = Mapping[str, Any]
Row = Mapping[str, Any]
_ABSENT = "was not there"
_GONE = "is gone"
_OTHERS = {
    "control_planes": "Control planes",
    "namespaces": "Namespaces",
    "gateways": "Gateways",
    "releases": "Releases",
    "remote_secrets": "Remote secrets",
    "localities": "Rules by locality",
    "certificates": "Certificates and tokens",
}
_NAMES = ("namespace", "kind", "name", "revision", "object", "secret")


def page(document: Document) -> Page:
    """The page of a change."""
    version = document["collection_version"]
    lines = (f"From {document['began_at']} to {document['ended_at']}, {_duration(document['seconds'])}, by meshyard.istio {version}",)
    return Page(f"Change of a mesh: {document['operation']}", lines, document["result"], _message(document), tuple(sections(document)))


def sections(document: Document) -> list[Section]:
    """All sections, what ended it first."""
    changes, found = document["changes"], document["problems"]
    return [
        Section("ending", "How it ended", (_endings(document), _verdicts(document))),
        Section("steps", "Steps", (_steps(document),)),
        Section(
            "moved", "What moved", (_workloads(changes["workloads"]), *(_table(title, changes[key]) for key, title in _OTHERS.items()))
        ),
        problems("new", "Problems that came", found["new"]),
        problems("solved", "Problems that went", found["solved"]),
    ]


def _message(document: Document) -> str:
    moved, steps = len(document["changes"]["workloads"]), len(document["steps"])
    return f"{counted(moved, 'workload')} changed in {counted(steps, 'step')} and {_duration(document['seconds'])}."


def _endings(document: Document) -> Table:
    rows = ((one["cluster"], "reached its end" if one["reached"] else "stopped", one["message"]) for one in document["clusters"])
    return table("The run by cluster", ("Cluster", "Run", "Message"), rows)


def _verdicts(document: Document) -> Table:
    rows = ((when, one["status"], one["message"]) for when, one in document["verdicts"].items())
    return table("The mesh before and after", ("When", "Verdict", "Figures"), rows)


def _steps(document: Document) -> Table:
    heads = ("Step", "Cluster", "Began", "Took", "Changed", "Verdict", "Figures")
    return table("What was done and proven, in its order", heads, map(_step, document["steps"]))


def _step(one: Row) -> tuple[Any, ...]:
    verdict = "failed" if one["failed"] and not one["verdict"] else one["verdict"]
    return (
        one["task"],
        one["cluster"],
        one["began_at"],
        _duration(one["seconds"]),
        yes(one["changed"]),
        verdict,
        "; ".join(one["details"]),
    )


def _workloads(changes: Sequence[Row]) -> Table:
    heads = ("Workload", "Cluster", "Pods before", "Pods after", "New pods got", "New pods get", "Images before", "Images after")
    return table("Workloads", heads, map(_workload, changes))


def _workload(one: Row) -> tuple[Any, ...]:
    before, after = one["before"], one["after"]
    pods = (counts(side["pods"] or {}) if side else word for side, word in ((before, _ABSENT), (after, _GONE)))
    desired = ((side["desired"] or "none") if side else "" for side in (before, after))
    old, new = (", ".join((side or {}).get("images") or ()) for side in (before, after))
    images = ("", "") if old == new else (old, new)
    return (_name(one), one["cluster"], *pods, *desired, *images)


def _table(title: str, changes: Sequence[Row]) -> Table:
    rows = ((_name(one), one["cluster"], *row) for one in changes for row in _fields(one))
    return table(title, ("Object", "Cluster", "What", "Before", "After"), rows)


def _fields(one: Row) -> Iterator[tuple[str, str, str]]:
    """Each field that is otherwise than before; of what came or went that alone."""
    before, after = one["before"], one["after"]
    if before is None or after is None:
        yield "all of it", _ABSENT if before is None else "was there", _GONE if after is None else "is there"
        return
    for name in before:
        if before[name] != after[name]:
            yield name.replace("_", " "), _text(before[name]), _text(after[name])


def _name(one: Row) -> str:
    return "/".join(str(one[word]) for word in _NAMES if one.get(word))


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_text(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value))
    return "" if value is None else str(value)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)} min {rest:.0f} s" if minutes else f"{rest:.1f} s".replace(".0 s", " s")
