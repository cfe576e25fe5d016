"""The result, computed from evidence alone: fortio's reports, Prometheus, what the API server said of weights, and dumps."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tests.harness.lab import release_evidence, written
from tests.harness.lab.release_settings import SUCCESS_PERCENT, WINDOW_SECONDS
from tests.harness.lab.released import NAME, NAMESPACE, STATUS
from tests.harness.lab.task_results import lines
from tests.harness.metrics import Prometheus

_IMAGE = f"Deployment {NAMESPACE}/{NAME} spec.template.spec.containers[0].image"
_COUNTS = "prometheus-bad.json"
_QUERY = (
    f'sum by (response_code) (istio_requests_total{{reporter="destination",'
    f'destination_workload="{NAME}-canary",destination_workload_namespace="{NAMESPACE}"}})'
)


def good(evidence: Path) -> dict[str, Any]:
    """The release of a good version."""
    load = evidence / "good-load"
    return {
        **_requests(load),
        "steps": [{**step._asdict(), "weight": round(step.weight)} for step in release_evidence.shares(load, STATUS["2"])],
        "residue": [one for one in _differences(evidence, "good") if one != _IMAGE],
    }


def promoted(evidence: Path) -> bool:
    """Whether the Deployment has the new image after the good release, by the dumps."""
    return _IMAGE in _differences(evidence, "good")


def bad(evidence: Path) -> dict[str, Any]:
    """The release of a version of which one answer in five is an error."""
    load = evidence / "bad-load"
    return {
        **_requests(load),
        "highest_weight": round(release_evidence.highest(load)),
        "verdict": _verdict(evidence),
        "rolled_back_seconds": _rolled_back(evidence),
        "residue": _differences(evidence, "bad"),
    }


def keep_counts(prometheus: Prometheus, evidence: Path) -> None:
    """Asks Prometheus for the canary's requests when the gate decided and a window before."""
    moment = _decided(evidence)
    answers = {}
    for name, at in (("before", moment - WINDOW_SECONDS), ("decided", moment)):
        url = f"{prometheus.url}/api/v1/query?{urllib.parse.urlencode({'query': _QUERY, 'time': f'{at:.3f}'})}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            answers[name] = json.load(answer)["data"]["result"]
    (evidence / _COUNTS).write_text(json.dumps({"query": _QUERY, "moment": moment, **answers}, indent=1))


def _requests(load: Path) -> dict[str, int]:
    codes = release_evidence.codes(load)
    return {"requests": codes.total(), "failed": sum(count for code, count in codes.items() if code not in STATUS.values())}


def _verdict(evidence: Path) -> dict[str, float]:
    """The share of the canary's requests in the window that succeeded, in percent."""
    found = json.loads((evidence / _COUNTS).read_text())
    before, decided = ({one["metric"]["response_code"]: float(one["value"][1]) for one in found[name]} for name in ("before", "decided"))
    counts = {code: count - before.get(code, 0.0) for code, count in decided.items()}
    samples = sum(counts.values())
    succeeded = sum(count for code, count in counts.items() if not code.startswith("5"))
    return {"value": round(100 * succeeded / samples, 2) if samples else 0.0, "limit": SUCCESS_PERCENT, "samples": round(samples)}


def _decided(evidence: Path) -> float:
    """When the gate failed."""
    return float(
        next(line["time"] for line in lines(evidence / "bad.tasks.jsonl") if line["event"] == "failed" and "Judge" in line["task"])
    )


def _rolled_back(evidence: Path) -> float:
    """Seconds from the gate's decision until no route led to the canary any more."""
    moment = _decided(evidence)
    back = next((span.begin for span in release_evidence.spans(evidence / "bad-load") if span.weight == 0 and span.begin > moment), None)
    return -1.0 if back is None else round(back - moment, 1)


def _differences(evidence: Path, name: str) -> list[str]:
    before, after = (json.loads((evidence / f"{name}-{side}.json").read_text()) for side in ("before", "after"))
    return written.differences(before, after)
