"""The Lease of a run that writes: kept as long as it writes, given up by who lost it, and passed on between the tasks of one run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.apiserver import ApiServer
from lab.waiting import until
from tests.harness import leases
from tests.harness.killing import CHART, run
from tests.harness.modules import Call, answer
from tests.harness.proxy import WriteProxy

OLD, NEW = "1-31-0", "1-32-0"
FIRST, SECOND = {"MESHYARD_RUN_ID": "the first", "MESHYARD_RUN_HOST": "eu"}, {"MESHYARD_RUN_ID": "the second"}


class SlowProxy(WriteProxy):
    """Takes its time for each write, as an API server with slow webhooks does.

    :ivar seconds: for one write. :ivar leases: whether requests for the Lease are let through; they wait until they are.
    """

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.seconds = 0.0
        self.leases = threading.Event()
        self.leases.set()

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """One request."""
        if "/leases" in path:
            self.leases.wait(60)
        if method != "GET" and "dryRun=All" not in path and "/leases" not in path:
            threading.Event().wait(self.seconds)
        return super().forward(method, path, headers, body)


@pytest.fixture
def proxy(server: ApiServer) -> Iterator[SlowProxy]:
    server.client.ensure("/api/v1/namespaces", {"metadata": {"name": leases.SYSTEM}})
    leases.expire(server.client)
    with SlowProxy(server.host) as found:
        yield found
    leases.expire(server.client)
    for revision in ("lease-a", "lease-b"):
        run(server, "istio_revision", {"revision": revision, "state": "absent", "force": True})


def install(server: ApiServer, proxy: SlowProxy, revision: str, environment: dict[str, str]) -> Call:
    options = {**CHART, "host": proxy.url, "api_key": server.token, "revision": revision, "version": "1.31.0"}
    return Call("istio_revision", options, environment=environment)


def holder(server: ApiServer) -> str:
    held = leases.held(server.client)
    return str(held["holderIdentity"]) if held else ""


def written(proxy: SlowProxy, count: int) -> None:
    until(lambda: len(proxy.writes) >= count, 60, lambda: f"There are only {len(proxy.writes)} writes.")


def test_a_lease_is_renewed_by_writes_and_a_second_run_is_refused_and_told_who_holds_it(server: ApiServer, proxy: SlowProxy) -> None:
    proxy.seconds = 1.3
    process = install(server, proxy, "lease-a", FIRST).start()
    written(proxy, 1)
    taken = leases.held(server.client) or {}
    with SlowProxy(server.host) as other:
        other.leases.clear()
        options = {"host": other.url, "api_key": server.token, "from_revision": OLD, "to_revision": NEW}
        waiting = Call("upgrade_record", options, environment=SECOND).start()
        written(proxy, 13)  # after more than the Lease's time
        other.leases.set()
        second = answer(waiting)
    now = leases.held(server.client) or {}
    first = answer(process)
    assert second.get("failed"), second
    assert second["holder"].startswith("the first, host eu (process ")
    assert f"Another run is changing the mesh on cluster {other.url}: the first, host eu" in second["problem"]
    assert (now["holderIdentity"], now["acquireTime"]) == (taken["holderIdentity"], taken["acquireTime"])
    assert now["renewTime"] > taken["renewTime"]
    assert first["changed"], first
    assert len(first["steps"]) == len(proxy.writes) >= 18
    assert holder(server) == ""


def test_who_lost_the_lease_stops_before_the_next_write_and_leaves_it_to_the_other(server: ApiServer, proxy: SlowProxy) -> None:
    def take_over() -> None:
        leases.hold(server.client, "the second")
        threading.Event().wait(1.1)  # after a second it is renewed

    proxy.watch(4, take_over)
    found = install(server, proxy, "lease-a", FIRST).run()
    assert found["failed"]
    assert f"no longer holds the Lease istio-system/meshyard on cluster {proxy.url}" in found["problem"]
    assert found["holder"] == "the second"
    assert (len(proxy.writes), len(found["done"])) == (4, 4)
    assert holder(server) == "the second"


def test_tasks_of_one_run_wait_for_each_other_and_say_for_whom(server: ApiServer, proxy: SlowProxy, tmp_path: Path) -> None:
    lines = tmp_path / "progress"
    lines.touch()
    proxy.seconds = 0.1
    process = install(server, proxy, "lease-a", FIRST).start()
    written(proxy, 1)
    environment = {**FIRST, "MESHYARD_RUN_HOST": "us", "MESHYARD_PROGRESS_FILE": str(lines)}
    second = install(server, proxy, "lease-b", environment).run()
    first = answer(process)
    assert first["changed"], first
    assert second["changed"], second
    own = len(first["steps"])
    assert len(proxy.writes) == own + len(second["steps"])
    assert [write for write in proxy.writes[:own] if "lease-b" in write] == []
    assert [write for write in proxy.writes[own:] if "lease-a" in write] == []
    assert f"waiting for its turn on cluster {proxy.url}, where the first, host eu (process " in lines.read_text()
    assert holder(server) == ""


@pytest.mark.parametrize("deleted", [False, True])
def test_a_lease_that_somebody_deleted_or_marked_is_kept(server: ApiServer, proxy: SlowProxy, deleted: bool) -> None:
    def disturb() -> None:
        if deleted:
            server.client.request("DELETE", leases.LEASE)
        else:
            server.client.merge(leases.LEASE, {"metadata": {"labels": {"somebody": "looked"}}})
        threading.Event().wait(1.1)

    seen: list[Any] = []
    proxy.watch(4, disturb)
    proxy.watch(6, lambda: seen.append(holder(server)))
    found = install(server, proxy, "lease-a", FIRST).run()
    assert found["changed"], found
    assert [one.partition(",")[0] for one in seen] == ["the first"]
    assert holder(server) == ""
