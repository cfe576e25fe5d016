"""An upgrade that is killed three times, each time in another way and phase, loses no request and is finished by running again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from lab import waiting
from tests.harness.lab import audit, shop, state
from tests.harness.lab.cluster import Body, LabCluster
from tests.harness.lab.mesh import Mesh
from tests.harness.lab.playbooks import UPGRADE, Outcome, Running, alive, descendants, writes
from tests.harness.lab.release_settings import RELEASE, unjudged
from tests.harness.lab.released import IMAGES
from tests.harness.lab.settings import NEW, OLD
from tests.harness.lab.traffic import Traffic

LAST_BREATH = 5.0
"""Seconds in which an abandoned module may still end the write that was under way."""

RETIRING: dict[str, Any] = {"canary_upgrade_retire": True, "canary_upgrade_waves": [[name] for name in shop.NAMESPACES]}

CHANGE = unjudged(shop.NAMESPACES[0], shop.SERVICES[0][1])


@dataclass(frozen=True)
class Kill:
    """One death of the run.

    :ivar wait: waits for the moment to strike.
    """

    name: str
    wait: Callable[[LabCluster, Running], None]
    strike: Callable[[int, list[int]], None]


def _until_the_new_plane_is_begun(cluster: LabCluster, run: Running) -> None:
    """By the audit log: its objects are made within a second, which the output may show as one line."""

    def begun() -> bool:
        assert run.process.poll() is None, run.log.read_text()[-3000:]
        return any(event["verb"] == "create" and NEW in event["objectRef"].get("name", "") for event in writes(cluster, run.begin))

    waiting.until(begun, 240, lambda: f"Nothing of {NEW} is created.", every=0.2)


def _until_its_output_shows(pattern: str) -> Callable[[LabCluster, Running], None]:
    return lambda _cluster, run: run.reaches(pattern)


def _kill_playbook_alone(playbook: int, _children: list[int]) -> None:
    os.kill(playbook, signal.SIGKILL)


def _kill_everything(playbook: int, children: list[int]) -> None:
    for pid in (playbook, *children):
        if alive([pid]):
            os.kill(pid, signal.SIGKILL)


def _ask_to_end(playbook: int, _children: list[int]) -> None:
    os.kill(playbook, signal.SIGTERM)


KILLS = (
    Kill("the playbook alone", _until_the_new_plane_is_begun, _kill_playbook_alone),
    Kill("the module and all above it", _until_its_output_shows(r"Move gateways in place.*\n\["), _kill_everything),
    Kill("asked to end", _until_its_output_shows(rf"Waves \| [^\n]*{shop.NAMESPACES[0]}[^\n]*\n\["), _ask_to_end),
)


@dataclass(frozen=True)
class Death:
    """What was seen of one death."""

    name: str
    at: float
    survivors: list[int]
    later_writes: list[Body]


@dataclass(frozen=True)
class Killed:
    """All deaths, the release that was refused meanwhile, the run that finished, and the load around them."""

    deaths: list[Death]
    refused: Outcome
    last: Outcome
    traffic: Traffic


@pytest.fixture(scope="module")
def killed(mesh: Mesh) -> Killed:
    """Three runs that are killed and one that is not, between the beginning and the end of the load."""
    with Traffic(mesh.cluster, "killed") as traffic:
        deaths = [_die(mesh, kill) for kill in KILLS]
        refused = mesh.play.run(RELEASE, **CHANGE, expect=2)
        last = mesh.play.run(UPGRADE, **RETIRING)
    return Killed(deaths, refused, last, traffic)


def test_no_request_fails(killed: Killed) -> None:
    killed.traffic.proves_no_loss()


def test_every_process_of_a_killed_run_ends(killed: Killed) -> None:
    assert {death.name: death.survivors for death in killed.deaths} == {kill.name: [] for kill in KILLS}


def test_a_killed_run_stops_before_its_next_write(killed: Killed) -> None:
    assert {death.name: death.later_writes for death in killed.deaths} == {kill.name: [] for kill in KILLS}


def test_the_next_run_finishes_the_upgrade(mesh: Mesh, killed: Killed) -> None:
    assert shop.planes(mesh.cluster) == {NEW}
    assert state.of_revision(state.planes(mesh.cluster), OLD) == {}


def test_nothing_of_the_operation_is_left(mesh: Mesh, killed: Killed) -> None:
    for item in mesh.cluster.items("Namespace"):
        assert "meshyard.io/former" not in item["metadata"].get("annotations", {})
    assert "meshyard-operation" not in state.names(mesh.cluster)


def test_a_release_waits_until_the_upgrade_has_ended(mesh: Mesh, killed: Killed) -> None:
    assert "is being upgraded" in killed.refused.said
    assert killed.refused.changes == []
    with Traffic(mesh.cluster, "released") as traffic:
        mesh.play.run(RELEASE, **CHANGE)
    traffic.proves_no_loss()
    found = mesh.cluster.get("Deployment", shop.SERVICES[0][1], shop.NAMESPACES[0])
    assert found is not None
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == IMAGES["2"]
    assert shop.planes(mesh.cluster) == {NEW}


def _die(mesh: Mesh, kill: Kill) -> Death:
    with mesh.play.started(UPGRADE, **RETIRING) as run:
        kill.wait(mesh.cluster, run)
        at, family = _struck(run, kill)
        run.process.wait(60)
        survivors = _survivors(family)
    return Death(kill.name, at, survivors, _written_after(mesh.cluster, run, at + LAST_BREATH))


def _struck(run: Running, kill: Kill) -> tuple[float, list[int]]:
    family = descendants(run.process.pid)
    kill.strike(run.process.pid, family)
    return time.time(), family


def _survivors(family: list[int]) -> list[int]:
    """The processes that are there a minute later."""
    waiting.last(lambda: not alive(family), 60)
    return alive(family)


def _written_after(cluster: LabCluster, run: Running, moment: float) -> list[Body]:
    return [event for event in writes(cluster, run.begin) if audit.received(event) > moment]
