"""Which hosts a playbook works on, and which inventories it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.plugin_utils.run_hosts import run_hosts


@pytest.mark.parametrize(
    ("groups", "mesh", "primary", "remote"),
    [
        ({"istio_primary": ["eu"], "istio_remote": ["us"]}, "istio_primary:istio_remote", "istio_primary", "istio_remote"),
        ({"istio_primary": ["eu"], "istio_remote": []}, "istio_primary", "istio_primary", "istio_remote"),
    ],
)
def test_a_playbook_works_on_the_clusters_of_the_mesh(groups: dict[str, list[str]], mesh: str, primary: str, remote: str) -> None:
    known = {"all": ["eu", "us", "localhost"], **groups}
    assert run_hosts(known) == run_hosts(known, local=True, sources=["/inventory.yml"]) == mesh
    assert (run_hosts(known, "primary"), run_hosts(known, "primary", local=True), run_hosts(known, "remote")) == (primary, primary, remote)


def test_a_playbook_works_on_the_current_context_only_without_an_inventory_or_where_localhost_is_in_it() -> None:
    assert run_hosts({"all": [], "ungrouped": []}, local=True) == "localhost"
    assert run_hosts({"all": ["localhost", "other"]}, local=True, sources=["/inventory.yml"]) == "localhost"
    assert [run_hosts({"all": []}, "remote"), run_hosts({"all": []}, "primary")] == ["istio_remote", "istio_primary"]


def test_a_report_is_about_clusters_that_gave_no_answer_too() -> None:
    lost = {"meshyard_unreachable": ["asia"]}
    known = {"all": ["eu", "asia"], "istio_primary": ["eu"], "istio_remote": [], **lost}
    assert run_hosts(known, local=True, unreachable=True) == "istio_primary:meshyard_unreachable"
    assert run_hosts(known, local=True) == "istio_primary"
    assert run_hosts({"all": ["asia"], **lost}, local=True, unreachable=True) == "meshyard_unreachable"
    assert run_hosts({**known, "meshyard_unreachable": []}, local=True, unreachable=True) == "istio_primary"


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("part", ["mesh", "primary", "remote"])
def test_an_inventory_without_a_cluster_of_the_mesh_is_refused_with_what_it_has(part: Any, local: bool) -> None:
    with pytest.raises(MeshyardError, match=r"no host in the group istio_primary; its groups are clusters\. .*into istio_remote\."):
        run_hosts({"all": ["eu"], "clusters": ["eu"], "istio_primary": [], "ungrouped": []}, part, local=local)
    with pytest.raises(
        MeshyardError, match=r"The inventory /inventroy\.yml has no host in .*; it has no groups with hosts\. Correct its path"
    ):
        run_hosts({"all": [], "ungrouped": []}, part, local=local, sources=["/inventroy.yml"])


def test_remotes_alone_are_no_mesh_that_could_be_upgraded_yet_join_says_what_they_lack() -> None:
    groups = {"all": ["us"], "istio_remote": ["us"]}
    with pytest.raises(MeshyardError, match="its groups are istio_remote"):
        run_hosts(groups, local=True)
    assert run_hosts(groups, "remote") == "istio_remote"
