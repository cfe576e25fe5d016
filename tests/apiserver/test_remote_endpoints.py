"""Addresses of istiod on a remote cluster: kept up to date, cheaply, and never lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.waiting import until
from tests.harness.modules import Call, answer
from tests.harness.planes import SYSTEM, Planes
from tests.harness.primary import NEW, Door, Primary
from tests.harness.remote import lead_to_pod

SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{SYSTEM}/endpointslices"
SLICE = f"istiod-{NEW}"
# Each cluster says who it is, the slices here and the pods there.
LOOKING = 4


@pytest.fixture
def options(planes: Planes, primary: Primary) -> Iterator[dict[str, Any]]:
    """The options by which a cluster joins that reaches the one pod of istiod."""
    primary.pods("10.1.0.1")
    yield {**primary.joining(planes), "reach": "pods", "wait": False}
    planes.client.request("DELETE", SLICES)


@pytest.fixture
def joined(planes: Planes, primary: Primary) -> Iterator[Planes]:
    """A cluster whose slice leads to the one pod of istiod, made as joining makes it but without a chart."""
    planes.namespace(SYSTEM)
    primary.pods("10.1.0.1")
    lead_to_pod(planes.client, "10.1.0.1", NEW)
    yield planes
    planes.client.request("DELETE", SLICES)


def addresses(planes: Planes) -> list[str]:
    found = planes.there("EndpointSlice", SLICE, SYSTEM)
    return [address for endpoint in found["endpoints"] or () for address in endpoint["addresses"]]


def reconcile(planes: Planes, primary: Primary, **options: Any) -> dict[str, Any]:
    return planes.run("remote_endpoints", primary=primary.connection, **options)


def has_nothing_to_do(planes: Planes, options: dict[str, Any]) -> bool:
    """Whether joining again would find all as it wants it."""
    return not planes.run("remote_istio", **options)["changed"]


def test_the_pods_of_a_restarted_istiod_are_followed_in_a_handful_of_requests(
    planes: Planes, primary: Primary, options: dict[str, Any]
) -> None:
    planes.run("remote_istio", **options)
    primary.pods("10.1.0.3", "10.1.0.2", unready="10.1.0.4")
    predicted = reconcile(planes, primary, check=True, watch=600)
    assert addresses(planes) == ["10.1.0.1"]
    done = reconcile(planes, primary, diff=True)
    assert predicted["steps"] == done["steps"]
    assert [(one["namespace"], one["name"], one["addresses"]) for one in done["updates"]] == [(SYSTEM, SLICE, ["10.1.0.2", "10.1.0.3"])]
    assert addresses(planes) == ["10.1.0.2", "10.1.0.3"]
    assert [list(done["diff"][side]) for side in ("before", "after")] == [[f"EndpointSlice {SYSTEM}/{SLICE}"]] * 2
    again = reconcile(planes, primary)
    assert (again["changed"], again["updates"], again["requests"], done["requests"]) == (False, [], LOOKING, LOOKING + 1)
    assert has_nothing_to_do(planes, options)


def test_what_somebody_wrote_into_a_slice_is_put_back(planes: Planes, primary: Primary, options: dict[str, Any]) -> None:
    by_gateway = {**options, "reach": "gateway"}
    planes.run("remote_istio", **by_gateway)
    planes.merge("EndpointSlice", SLICE, {"endpoints": [{"addresses": ["10.0.0.9"]}]}, SYSTEM)
    done = reconcile(planes, primary)
    assert "somebody" in done["steps"][0]["overruled"].values()
    assert addresses(planes) == ["10.98.1.20"]
    assert has_nothing_to_do(planes, by_gateway)


def test_while_istiod_has_no_address_the_slice_stays_and_a_warning_says_so(joined: Planes, primary: Primary, tmp_path: Path) -> None:
    primary.pods(unready="10.1.0.2")
    done = reconcile(joined, primary)
    assert (done["changed"], done["missing"]) == (False, [f"ready pod of istiod {NEW}"])
    assert f"shows no ready pod of istiod {NEW}" in str(done["warnings"])
    assert addresses(joined) == ["10.1.0.1"]
    progress, call = following(joined, primary.connection, tmp_path, wait_timeout=60)
    until(lambda: "shows no ready pod" in progress.read_text(), 20, progress.read_text)
    primary.pods("10.1.0.2")
    waited = answer(call)
    assert (waited["changed"], waited["missing"], addresses(joined)) == (True, [], ["10.1.0.2"])


def test_a_slice_that_does_not_name_its_source_stays_with_a_warning(joined: Planes, primary: Primary) -> None:
    primary.pods("10.1.0.2")
    joined.merge("EndpointSlice", SLICE, {"metadata": {"annotations": {"meshyard.io/endpoints-from": None}}}, SYSTEM)
    done = reconcile(joined, primary)
    assert (done["changed"], addresses(joined)) == (False, ["10.1.0.1"])
    assert f"EndpointSlice {SYSTEM}/{SLICE}" in str(done["warnings"])


def test_without_a_primary_nothing_is_done(joined: Planes) -> None:
    assert joined.refusal("remote_endpoints")["problem"] == "The option primary is missing."


def test_watching_applies_each_change_and_outlasts_a_primary_that_does_not_answer(joined: Planes, primary: Primary, tmp_path: Path) -> None:
    with Door(primary.server.host) as door:
        through = {"host": door.url, "api_key": primary.server.token}
        progress, call = following(joined, through, tmp_path, watch=10)
        until(lambda: "watching 1 EndpointSlices" in progress.read_text(), 20, progress.read_text)
        primary.pods("10.1.0.2")
        until(lambda: addresses(joined) == ["10.1.0.2"], 10, lambda: "The first change is not followed.")
        assert joined.names("Lease", SYSTEM) == set()
        door.closed = True
        until(lambda: "gave no answer" in progress.read_text(), 10, progress.read_text)
        primary.pods("10.1.0.3")
        door.closed = False
        until(lambda: addresses(joined) == ["10.1.0.3"], 10, lambda: "The second change is not followed.")
        done = answer(call)
    assert [one["addresses"] for one in done["updates"]] == [["10.1.0.2"], ["10.1.0.3"]]
    first, second = (one["seconds"] for one in done["updates"])
    assert 0 < first < second < 10
    assert "gave no answer" in str(done["warnings"])


def following(planes: Planes, primary: dict[str, Any], folder: Path, **options: Any) -> tuple[Path, Any]:
    """A module that goes on, and the file in which it tells what it does."""
    progress = folder / "progress"
    progress.touch()
    given = {"kubeconfig": str(planes.server.kubeconfig), "primary": primary, **options}
    return progress, Call("remote_endpoints", given, environment={"MESHYARD_PROGRESS_FILE": str(progress)}).start()
