"""What a release came to, by fortio's reports and by what the API server said of the weights."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.harness.lab.released import SECONDS_UNTIL_ROUTED


class Span(NamedTuple):
    """A time in which all routes gave the canary the same share."""

    weight: float
    begin: float
    end: float


class Share(NamedTuple):
    """What of the requests of a span was answered by whom."""

    weight: float
    requests: int
    measured: float


def spans(directory: Path) -> list[Span]:
    """Every share that the canary had, in order; moments in which routes did not agree are left out."""
    looks = [json.loads(line) for line in (directory / "weights.jsonl").read_text().splitlines()]
    end = max((run["end"] for run in runs(directory)), default=0.0)
    found: list[Span] = []
    for look, after in zip(looks, [*(one["time"] for one in looks[1:]), end], strict=True):
        shares = set(look["weights"].values())
        if len(shares) == 1:
            (weight,) = shares
            if found and found[-1].weight == weight and found[-1].end == look["time"]:
                found[-1] = found[-1]._replace(end=after)
            else:
                found.append(Span(weight, look["time"], after))
    return found


def highest(directory: Path) -> float:
    """The highest share that any route gave the canary."""
    looks = [json.loads(line) for line in (directory / "weights.jsonl").read_text().splitlines()]
    return float(max(weight for look in looks for weight in look["weights"].values()))


def shares(directory: Path, canary: str) -> list[Share]:
    """Who answered in each span that had a share for the canary, before the Deployment itself was of its version.

    :param canary: the status by which the canary answers, and not the stable.
    """
    found: list[Share] = []
    for span in spans(directory):
        if span.weight and (not found or found[-1].weight < span.weight):
            codes = codes_between(directory, span.begin + SECONDS_UNTIL_ROUTED, span.end)
            total = codes.total()
            found.append(Share(span.weight, total, round(100 * codes[canary] / total, 2) if total else 0.0))
    return found


def runs(directory: Path) -> Iterator[dict[str, Any]]:
    """Fortio's reports."""
    for path in sorted(directory.glob("*-[0-9]*.json")):
        yield json.loads(path.read_text())


def codes_between(directory: Path, begin: float, end: float) -> Counter[str]:
    """The answers of the runs that lie within two times."""
    found: Counter[str] = Counter()
    for run in runs(directory):
        if begin <= run["begin"] and run["end"] <= end:
            found.update({str(code): count for code, count in run["fortio"]["RetCodes"].items()})
    return found


def codes(directory: Path) -> Counter[str]:
    """All answers."""
    return codes_between(directory, 0.0, float("inf"))
