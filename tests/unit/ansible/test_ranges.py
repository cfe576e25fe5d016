"""Options out of range are refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._ansible import ranges
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("wait_timeout", -5),
        ("hold_timeout", 100_000),
        ("max_parallel", 0),
        ("max_wave_size", 0),
        ("control_plane_namespace", "Istio System"),
        ("gateway_namespace", "-a"),
        ("network", "Net 1!"),
        ("network", "n" * 64),
        ("name", ""),
        ("name", ".."),
        ("name", "a/b"),
        ("name", "cart?dryRun=All"),
        ("name", "n" * 254),
    ],
)
def test_an_option_out_of_range_is_named_with_what_to_give(option: str, value: Any) -> None:
    with pytest.raises(MeshyardError, match=f"The option {option} is") as refused:
        ranges.check({option: value})
    assert refused.value.remedy


def test_what_is_in_range_or_not_given_passes() -> None:
    ranges.check({"wait_timeout": 0, "max_parallel": 5, "network": "net-eu.1", "namespace": "shop", "gateway_namespace": None})


@pytest.mark.parametrize("name", ["", " kube-public", "..", "../..", "default?dryRun=All", "default%2F", "Shop"])
def test_a_name_in_a_list_of_namespaces_that_none_can_have_is_told(name: str) -> None:
    with pytest.raises(MeshyardError, match="The option namespaces holds") as refused:
        ranges.check({"namespaces": ["shop", name]})
    assert repr(name) in refused.value.problem


def test_a_namespace_of_one_cluster_and_a_name_with_dots_pass() -> None:
    ranges.check({"namespaces": ["shop", "us/shop", "k8s-1"], "name": "cart.v2-1"})


@pytest.mark.parametrize("option", ["control_plane_namespace", "namespace", "remote_namespace"])
def test_an_empty_namespace_that_would_mean_another_or_all_of_them_is_refused(option: str) -> None:
    with pytest.raises(MeshyardError, match=f"The option {option} is empty"):
        ranges.check({option: ""})


@pytest.mark.parametrize("version", [None, "", "1.32.0", "v1.32.0-rc.1", "1.32.0-20260101-abc"])
def test_a_version_or_none_passes(version: str | None) -> None:
    ranges.check({"version": version})


@pytest.mark.parametrize("version", ["latest", "1.32", "1.x.0", "-1.2.3"])
def test_what_is_no_version_is_refused_by_the_name_of_its_option(version: str) -> None:
    with pytest.raises(MeshyardError) as refused:
        ranges.check({"version": version})
    assert refused.value.problem == f"The option version is wrong: {version!r} is not a version."
    assert refused.value.remedy == "Give all three numbers, such as 1.32.0 or 1.32.0-rc.1."
