"""The result as a table for people."""

from __future__ import annotations

from typing import Any

from demo import table


def show(facts: dict[str, Any]) -> int:
    """Prints the table; 0 when every line is as it should be."""
    return table.show(f"the upgrade {facts['from_revision']} to {facts['to_revision']} ({facts['versions']})", _rows(facts))


def _rows(facts: dict[str, Any]) -> list[table.Row]:
    requests, gateway, check = facts["requests"], facts["gateway"], facts["check"]
    workloads, pods = facts["workloads"], facts["pods"]
    kept = all(gateway[f"{key}_before"] == gateway[f"{key}_after"] for key in ("uid", "address"))
    around = facts["load"]["begin"] < facts["upgrade"]["begin"] and facts["load"]["end"] > facts["upgrade"]["end"]
    pairs, stages = requests["by_plane_pair"], requests["by_stage"]
    return [
        ("requests", f"{requests['total']} sent, {requests['failed']} failed", requests["failed"] == 0 and requests["total"] >= 5000),
        ("load around the upgrade", "began before, ended after" if around else "does not cover it", around),
        ("by stage", _counts(stages), all(stages.values())),
        ("by planes of caller and server", _counts(pairs), all(pairs.values())),
        ("workloads on the new plane", f"{workloads['on_target']} of {workloads['total']}", workloads["on_target"] == workloads["total"]),
        ("pods on the new plane", f"{pods['on_target']} of {pods['total']}", pods["on_target"] == pods["total"]),
        ("proxies as istiod sees them", _counts(pods["proxy_versions"]), len(pods["proxy_versions"]) == 1),
        ("gateway's Service and address", f"{gateway['address_after']} {'kept' if kept else 'changed'}", kept),
        ("old plane", "still there" if facts["old_revision_present"] else "removed", not facts["old_revision_present"]),
        ("check mode", f"{check['predicted']} changes predicted, {check['done']} done", check["predicted"] > 0),
        ("writes in check mode", _writes(check["writes_in_check"]), not check["writes_in_check"]),
        ("second run put back", "; ".join(facts["drift_run_changed"]) or "nothing", len(facts["drift_run_changed"]) == 1),
        ("third run changed", str(facts["third_run_changed"]), facts["third_run_changed"] == 0),
        ("seconds", str(facts["seconds"]), True),
    ]


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _writes(count: int | None) -> str:
    return "not known: the audit log cannot be read here" if count is None else str(count)
