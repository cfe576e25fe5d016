"""What is done with two clusters, step by step; each step leaves its evidence in files and answers with figures taken from them."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from lab import waiting
from lab.paths import program
from tests.harness.lab import echo, objects, target, task_results
from tests.harness.lab.members import INGRESS, INGRESS_NAMESPACE, NAMES, NAMESPACE, PRIMARY, REMOTE, Members
from tests.harness.lab.reader import is_ready, plane
from tests.harness.lab.settings import NEW, OLD

JOIN, LEAVE, LOCALITY, UPGRADE = (f"meshyard.istio.{name}" for name in ("join", "leave", "locality", "upgrade"))
RULE = {"namespace": NAMESPACE, "name": "echo", "service_host": "echo.echo.svc.cluster.local"}
_ANSWERS, _SHARED = 100, 1000
_SETTLES = 30.0


def install(members: Members, primaries: tuple[str, ...] = (PRIMARY,)) -> None:
    """A control plane on each primary, a gateway on the first one, and the echo service on all clusters."""
    kubectl(members, PRIMARY, "create", "namespace", INGRESS_NAMESPACE)
    members.play("install", "meshyard.istio.install")
    for name in NAMES:
        kubectl(members, name, "apply", "--server-side", "-f", "-", given=echo.manifest(members, name, gateway=True))
    for name in primaries:
        kubectl(members, name, "label", "namespace", NAMESPACE, f"istio.io/rev={OLD}")
        kubectl(members, name, "rollout", "restart", "-n", NAMESPACE, "deployment")
    ready(members)


def join(members: Members) -> dict[str, Any]:
    """The remote joins; a second run changes nothing."""
    began = time.time()
    members.play("join", JOIN)
    seconds = round(time.time() - began)
    ready(members)
    again = members.play("join-again", JOIN)
    return {"changed_second_run": len(task_results.steps(again)), "seconds": seconds}


def answers(members: Members, name: str, count: int = _ANSWERS, source: str = PRIMARY) -> dict[str, int]:
    """Who answers the client of a cluster."""
    return echo.ask(members.readers[source], count, members.evidence / f"{name}.json")


def through_gateway(members: Members) -> dict[str, int]:
    """Who answers through the gateway, each request on a connection of its own."""
    _uid, address = members.readers[PRIMARY].gateway_address(INGRESS_NAMESPACE, INGRESS)
    command = [str(program("fortio")), "load", "-quiet", "-allow-initial-errors", "-keepalive=false", "-qps", "0"]
    command += ["-n", str(_ANSWERS), "-c", "4", "-H", "Host: echo.example", "-json", "-", f"http://{address}/"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    (members.evidence / "echo.json").write_text(done.stdout)
    return echo.shares(json.loads(done.stdout)["RetCodes"])


def failover(members: Members) -> dict[str, Any]:
    """All answers are local, come from the other cluster while the local service is down, and are local again."""
    rule({**RULE, "outlier_detection": {}}, members, "failover")
    found = {"local": settled(members, "failover-local", {PRIMARY: _ANSWERS})[PRIMARY]}
    kubectl(members, PRIMARY, "scale", "-n", NAMESPACE, "deployment/echo", "--replicas=0")
    found["remote_when_down"] = settled(members, "failover-down", {REMOTE: _ANSWERS})[REMOTE]
    kubectl(members, PRIMARY, "scale", "-n", NAMESPACE, "deployment/echo", "--replicas=2")
    ready(members)
    found["local_again"] = settled(members, "failover-again", {PRIMARY: _ANSWERS})[PRIMARY]
    return found


def distribute(members: Members) -> list[dict[str, Any]]:
    """Weights from either side: what was predicted, and what fortio counted."""
    regions = {name: _region(members, name) for name in NAMES}
    weights = [
        {"from": regions[a] + "/*", "to": {regions[a] + "/*": mine, regions[b] + "/*": 100 - mine}}
        for a, b, mine in ((PRIMARY, REMOTE, 90), (REMOTE, PRIMARY, 10))
    ]
    tasks = rule({**RULE, "distribute": weights}, members, "distribute")
    rows = [row for line in task_results.lines(tasks) for row in line.get("prediction", ())]
    found = []
    for name in NAMES:
        predicted = next(row["clusters"] for row in rows if row["from"]["cluster"] == name)
        near = {other: int(_SHARED * share / 100) for other, share in predicted.items()}
        counts = settled(members, f"distribute-{name}", near, _SHARED, name, _SHARED * 0.03)
        measured = {other: round(100 * counts[other] / _SHARED, 1) for other in NAMES}
        found.append({"from": name, "predicted": predicted, "measured": measured})
    rule({**RULE, "state": "absent"}, members, "locality-absent")
    return found


def upgrade(members: Members) -> dict[str, Any]:
    """Both clusters go to the new revision while the clients of both keep asking."""
    with echo.Customers(members, members.evidence / "load"):
        members.play("upgrade", UPGRADE, canary_upgrade_retire=True)
    return upgraded(members, members.evidence / "load")


def upgraded(members: Members, load: Path) -> dict[str, Any]:
    """What came of an upgrade, by fortio's files and the API servers."""
    counts = echo.pairs(load)
    pods = [pod for name in NAMES for pod in objects.pods(members.readers[name], NAMESPACE) if is_ready(pod)]
    return {
        "requests": sum(counts.values()),
        "failed": sum(count for pair, count in counts.items() if pair.endswith("-failed")),
        "by_cluster_pair": counts,
        "pods_total": len(pods),
        "pods_on_target": sum(plane(pod) == NEW for pod in pods),
        "old_revision_in": [name for name in NAMES if objects.has_revision(members.readers[name], OLD)],
    }


def leave(members: Members, before: dict[str, set[str]]) -> dict[str, Any]:
    """The remote leaves; what is on either cluster that was not there before it joined."""
    members.play("leave", LEAVE)
    left = {name: objects.objects(members.readers[name], members.evidence / f"after-{name}.json") - before[name] for name in NAMES}
    return {"left_over": sorted(f"{name}: {one}" for name, found in left.items() for one in found if name == REMOTE or _of_join(one))}


def rule(given: dict[str, Any], members: Members, name: str) -> Path:
    """Sets the rule of the service by the playbook."""
    return members.play(name, LOCALITY, locality_rules=[given])


def settled(
    members: Members, name: str, wanted: dict[str, int], count: int = _ANSWERS, source: str = PRIMARY, within: float = 0.0
) -> dict[str, int]:
    """The answers once they are as wanted, or the last ones: proxies take a moment to get what istiod tells them."""
    found: dict[str, int] = {}

    def good() -> bool:
        found.clear()
        found.update(answers(members, name, count, source))
        return all(abs(found[other] - number) <= within for other, number in wanted.items())

    waiting.last(good, _SETTLES, every=0.5)
    return found


def ready(members: Members) -> None:
    """Waits until the echo service runs on both clusters."""
    for name in NAMES:
        for app in ("echo", "client"):
            kubectl(members, name, "rollout", "status", "-n", NAMESPACE, f"deployment/{app}", "--timeout=120s")


def restart_istiod(members: Members) -> None:
    """Restarts istiod of the primary, and waits until it has."""
    kubectl(members, PRIMARY, "rollout", "restart", "-n", "istio-system", "deployment")
    kubectl(members, PRIMARY, "rollout", "status", "-n", "istio-system", "deployment", "--timeout=120s")


def inject_again(members: Members) -> None:
    """Makes the client of the remote anew, which needs istiod."""
    kubectl(members, REMOTE, "rollout", "restart", "-n", NAMESPACE, "deployment/client")
    ready(members)


def echo_plane(members: Members, name: str) -> str:
    """The revision of the newest ready pod of the echo service on a cluster."""
    return plane(next(pod for pod in members.readers[name].pods(NAMESPACE, "echo") if is_ready(pod)))


def kubectl(members: Members, name: str, *arguments: str, given: str | None = None) -> str:
    """The output of kubectl on one cluster.

    :raises SystemExit: it failed.
    """
    return target.kubectl(members.targets[name], *arguments, given=given)


def _region(members: Members, name: str) -> str:
    nodes = members.readers[name].raw("/api/v1/nodes")["items"]
    return str(nodes[0]["metadata"]["labels"]["topology.kubernetes.io/region"])


def _of_join(one: str) -> bool:
    return "remote" in one
