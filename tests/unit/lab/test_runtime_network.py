"""Ranges in use are seen before anything is changed, and only real conflicts are."""

from __future__ import annotations

import pytest

from lab import network
from lab.addresses import HOST_LINK, PLANS, all_ranges
from lab.paths import LabError


def route(destination: str, device: str = "tun0") -> dict[str, str]:
    return {"dst": destination, "dev": device}


@pytest.mark.parametrize("destination", ["10.99.0.0/24", "10.99.0.128/25", "10.98.2.7", "10.244.1.0/24", "10.96.2.10/32"])
def test_a_route_inside_a_range_of_the_lab_is_a_conflict(destination: str) -> None:
    assert network.taken([route(destination)], all_ranges()) == [f"Route {destination} (tun0)"]


@pytest.mark.parametrize("destination", ["default", "10.0.0.0/8", "10.99.1.0/24", "192.0.2.0/24", "fd00::/64", "0.0.0.0/0"])
def test_wider_and_other_routes_are_no_conflict(destination: str) -> None:
    assert network.taken([route(destination)], all_ranges()) == []


def test_the_routes_of_the_lab_itself_are_no_conflict() -> None:
    assert network.taken([route(item, HOST_LINK) for item in all_ranges()], all_ranges()) == []


def test_routes_without_a_device_are_judged_too() -> None:
    assert network.taken([{"type": "blackhole", "dst": "10.98.1.0/24"}], all_ranges()) == ["Route 10.98.1.0/24 (no device)"]


def test_a_taken_range_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_routes", lambda *_: [route("10.99.0.0/24", "docker0")])

    with pytest.raises(LabError, match=r"^Route 10\.99\.0\.0/24 \(docker0\) is in use on this host"):
        network.check_free()


def test_pods_leave_under_their_node_only_on_separate_networks() -> None:
    central = PLANS[0]

    separate, flat = network.translation(central, wanted=True), network.translation(central, wanted=False)

    assert f'oifname "eth0" ip saddr {central.pod_range} masquerade' in separate
    assert "masquerade" not in flat
    assert all("delete table ip my-lab" in text for text in (separate, flat))
