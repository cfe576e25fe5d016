"""Several workloads in waves: those of one take each step together, and one that fails keeps later waves from beginning."""

from __future__ import annotations

import json

import pytest

from tests.harness.lab import audit
from tests.harness.metrics import Flow
from tests.harness.released import REPORTERS, Released
from tests.harness.releases import NEW, OLD

pytestmark = pytest.mark.timeout(300)


def test_a_wave_takes_each_step_together_and_one_that_fails_is_taken_back_while_later_waves_do_not_begin(released: Released) -> None:
    shop = released.shop
    for name in ("db", "api"):
        shop.mesh.workload(shop.namespace, name, replicas=1)
        shop.service(name)
        shop.mesh.settled(shop.namespace, name)
        released.flows.flows += [Flow(one, reporter=reporter) for one in (name, f"{name}-canary") for reporter in REPORTERS]
    bad = Flow("db-canary", 3, code="503")
    released.flows.flows.append(bad)
    waves = [{"namespace": shop.namespace, "name": name, "image": NEW, "wave": wave} for name, wave in (("web", 1), ("api", 2), ("db", 1))]
    reversed_order = [{**one, "wave": number} for one, number in zip(waves, (3, 2, 1), strict=True)]
    foretold = released.play("release", "--check", workload_canary_workloads=reversed_order)
    assert foretold.status == 0, foretold.said
    told = [foretold.said.index(f"Show the steps of {shop.namespace}/{name}") for name in ("db", "api", "web")]
    assert told == sorted(told)
    begin = audit.now()

    ended = released.play("release", workload_canary_workloads=waves)

    assert ended.status == 2, ended.said
    assert f"{shop.namespace}/db: The gate of {shop.namespace}/db: 20 % to the canary was not passed (failed)" in ended.said
    assert f"{shop.namespace}/api was not begun." in ended.said
    assert {name: _image(released, name) for name in ("web", "db", "api")} == {"web": NEW, "db": OLD, "api": OLD}
    assert [shop.exists("Deployment", f"{name}-canary") for name in ("web", "db", "api")] == [False, False, False]
    assert _routed(released, begin)[:4] == ["web", "db", "web", "db"]

    released.flows.flows.remove(bad)
    step = released.play("release_tick", workload_canary_workloads=waves)
    assert step.status == 0, step.said
    assert [shop.exists("Deployment", f"{name}-canary") for name in ("web", "db", "api")] == [False, True, False]


def _image(released: Released, name: str) -> str:
    containers = released.shop.get("Deployment", name)["spec"]["template"]["spec"]["containers"]
    return str(containers[0]["image"])


def _routed(released: Released, begin: str) -> list[str]:
    """The services whose routes were written, in their order."""
    log = released.shop.mesh.server.audit_log
    events = [json.loads(line) for line in log.read_text().splitlines()]
    written = [
        event["objectRef"]["name"]
        for event in events
        if event["stage"] == "ResponseComplete"
        and event["requestReceivedTimestamp"] >= begin
        and event["verb"] in ("create", "patch", "update")
        and event.get("objectRef", {}).get("resource") == "virtualservices"
        and event["objectRef"]["namespace"] == released.shop.namespace
        and "dryRun" not in event["requestURI"]
    ]
    return [name.removesuffix("-release") for name in written]
