"""namespace_revision as a run: progress, pace, kills, two at once, and bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.waiting import until
from tests.harness.leases import expire
from tests.harness.mesh import SYSTEM, Mesh
from tests.harness.modules import answer
from tests.harness.moves import NEW, OLD, broken_record, call, everywhere, hold, holder, move, nothing, through
from tests.harness.proxy import WriteProxy


def test_progress_says_how_many_have_rolled_and_what_is_waited_for(mesh: Mesh, shop: str, tmp_path: Path) -> None:
    hold(mesh, shop, "1s")
    mesh.settled(shop, "web")
    lines = tmp_path / "progress"
    lines.touch()

    move(mesh, shop, environment={"MESHYARD_PROGRESS_FILE": str(lines)})

    assert f"2/3 workloads rolled, waiting for {shop}/web" in lines.read_text()


def test_no_more_workloads_roll_at_a_time_than_allowed(mesh: Mesh) -> None:
    namespace = mesh.namespace(mesh.unused("many"), {"istio.io/rev": OLD})
    names = [f"w{number}" for number in range(3)]
    for name in names:
        mesh.workload(namespace, name, replicas=1, annotations={"lab.meshyard/ready": "400ms"})
    mesh.settled(namespace, *names)

    def rolled_before(name: str) -> set[str]:
        found = mesh.revisions(namespace)
        return {other for other in names if other != name and found.get(other) == {NEW}}

    with WriteProxy(mesh.server.host) as proxy:
        order: list[int] = []
        for number, name in enumerate(names, 2):
            proxy.watch(number, lambda name=name: order.append(len(rolled_before(name))))
        done = move(mesh, namespace, max_parallel=1, **through(mesh, proxy))

    assert done["changed"], done
    assert order == [0, 1, 2]


@pytest.mark.parametrize("state", ["present", "former"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_killed_at_any_write_and_run_again_nothing_is_lost_and_nothing_is_done_twice(
    mesh: Mesh, number: int, after: bool, state: str
) -> None:
    shop = mesh.namespace(mesh.unused("pair"), {"istio.io/rev": "prod"})
    mesh.workload(shop, "web")
    mesh.workload(shop, "cart", replicas=1)
    mesh.settled(shop, "web", "cart")
    if state == "former":
        move(mesh, shop)
    goal = {"present": NEW, "former": OLD}[state]
    with WriteProxy(mesh.server.host) as proxy:
        process = call(mesh, shop, state=state, **through(mesh, proxy)).start()
        proxy.at(number, process.kill, after=after)
        process.wait(60)
        killed = len(proxy.writes)
        expire(mesh.server.client)

        again = call(mesh, shop, state=state, **through(mesh, proxy)).run()

        assert killed == number
        assert "failed" not in again, again
        assert len(proxy.writes) - killed == 3 - (number if after else number - 1)
    assert everywhere(mesh, shop, goal)
    assert not move(mesh, shop, state=state)["changed"]


def test_a_second_run_at_the_same_time_is_told_who_runs(mesh: Mesh, shop: str) -> None:
    hold(mesh, shop, "never")
    process = call(mesh, shop, environment={"MESHYARD_RUN_ID": "the first"}).start()
    until(lambda: str(holder(mesh)).startswith("the first"), 60, lambda: "The first run takes no Lease.")

    second = move(mesh, shop, state="absent", environment={"MESHYARD_RUN_ID": "the second"})

    hold(mesh, shop, None)
    first = answer(process)
    assert second.get("failed"), (first, second)
    assert "the first" in second["msg"]
    assert first["changed"]
    assert everywhere(mesh, shop, NEW)
    assert holder(mesh) is None


def test_a_run_that_was_killed_frees_the_way_for_another(mesh: Mesh, shop: str) -> None:
    with WriteProxy(mesh.server.host) as proxy:
        process = call(mesh, shop, **through(mesh, proxy), environment={"MESHYARD_RUN_ID": "the first"}).start()
        proxy.at(2, process.kill)
        process.wait(60)

    done = move(mesh, shop, environment={"MESHYARD_RUN_ID": "the second"})

    assert done["changed"], done
    assert everywhere(mesh, shop, NEW)


def test_a_run_that_is_told_to_end_stops_before_its_next_write(mesh: Mesh, shop: str) -> None:
    with WriteProxy(mesh.server.host) as proxy:
        process = call(mesh, shop, max_parallel=1, **through(mesh, proxy)).start()
        proxy.watch(2, process.terminate)
        told = answer(process)
        assert told["failed"]
        assert "told to end" in told["msg"]
        assert len(proxy.writes) == 2
    assert holder(mesh) is None
    move(mesh, shop)
    assert everywhere(mesh, shop, NEW)


@pytest.mark.parametrize(
    ("options", "prepare", "sentence"),
    [
        ({"revision": "1-33-0"}, nothing, "which no active webhook serves"),
        ({"revision": NEW, "label": "prod"}, nothing, "not to 1-32-0"),
        ({"namespaces": ["nowhere"]}, nothing, "The namespace nowhere does not exist."),
        ({"namespaces": ["kube-system"]}, nothing, "is never moved"),
        ({"namespaces": [SYSTEM]}, nothing, "is never moved"),
        ({"revision": None}, nothing, "State present needs a revision."),
        ({"state": "absent", "revision": NEW}, nothing, "have no meaning"),
        ({"max_parallel": 0}, nothing, "max_parallel is 0"),
        ({"state": "former"}, broken_record, "is not a map of labels"),
        ({"kubeconfig": "/nowhere"}, nothing, "The kubeconfig file /nowhere does not exist"),
        ({"expected_cluster_uid": "another"}, nothing, "expected_cluster_uid is another"),
    ],
)
def test_bad_input_is_refused_in_a_sentence_before_the_first_write(
    mesh: Mesh, options: dict[str, Any], prepare: Callable[[Mesh, str], None], sentence: str
) -> None:
    namespace = mesh.namespace(mesh.unused("bad"), {"istio.io/rev": OLD})
    prepare(mesh, namespace)
    before = mesh.snapshot(namespace, SYSTEM)

    told = move(mesh, namespace, **options)

    assert told["failed"]
    assert sentence in told["msg"]
    assert "Traceback" not in json.dumps(told)
    assert mesh.snapshot(namespace, SYSTEM) == before
