"""The result as a table for people."""

from __future__ import annotations

from typing import Any

from demo import table
from demo.settings import VERSIONS
from tests.harness.lab.members import NAMES

_LEAST = 20
_POINTS = 3.0


def show(facts: dict[str, Any]) -> int:
    """Prints the table; 0 when every line is as it should be."""
    return table.show(f"two clusters as one mesh ({VERSIONS})", _rows(facts))


def _rows(facts: dict[str, Any]) -> list[table.Row]:
    join, echo, failover, upgrade = facts["join"], facts["echo"], facts["failover"], facts["upgrade"]
    on_target = upgrade["pods_on_target"] == upgrade["pods_total"] > 0
    return [
        ("join", f"{join['seconds']} s", True),
        ("second run of join changed", str(join["changed_second_run"]), join["changed_second_run"] == 0),
        ("answers through the gateway", _counts(echo), all(echo[name] >= _LEAST for name in NAMES)),
        ("failover", _counts(failover), all(count == 100 for count in failover.values())),
        *(_distributed(row) for row in facts["distribute"]),
        ("requests during the upgrade", f"{upgrade['requests']} sent, {upgrade['failed']} failed", upgrade["failed"] == 0),
        ("by clusters of client and server", _counts(upgrade["by_cluster_pair"]), all(upgrade["by_cluster_pair"].values())),
        ("pods on the new plane", f"{upgrade['pods_on_target']} of {upgrade['pods_total']}", on_target),
        ("old revision left on", ", ".join(upgrade["old_revision_in"]) or "no cluster", not upgrade["old_revision_in"]),
        ("left over after leaving", "; ".join(facts["leave"]["left_over"]) or "nothing", not facts["leave"]["left_over"]),
    ]


def _distributed(row: dict[str, Any]) -> table.Row:
    said = f"predicted {_counts(row['predicted'])}; measured {_counts(row['measured'])}"
    return f"weights from {row['from']}", said, all(abs(row["measured"][name] - row["predicted"].get(name, 0)) <= _POINTS for name in NAMES)


def _counts(counts: dict[str, Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
