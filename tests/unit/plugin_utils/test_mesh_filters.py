"""The filters over the mesh, with the lazy variables that Ansible hands to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from ansible_collections.meshyard.istio.plugins.filter.cluster_options import cluster_options
from ansible_collections.meshyard.istio.plugins.filter.mesh import FilterModule

INVENTORY = """
all:
  vars:
    folder: /keys
    meshyard_kubeconfig: "{{ folder }}/{{ inventory_hostname }}"
istio_primary:
  hosts:
    eu: {remote_cluster_name: "{{ ['eu', 'rope'] | join }}", remote_cluster_expose: "{{ true }}", meshyard_network: net-eu}
    ap: {meshyard_context: "{{ nobody_said }}"}
istio_remote:
  hosts:
    us: {remote_cluster_primary: eu, password: "{{ nobody_said }}", meshyard_expected_cluster_uid: u-us, remote_cluster_server: "https://us"}
    sa: {remote_cluster_primary: ap}
"""


@pytest.fixture
def hostvars(tmp_path: Path) -> HostVars:
    source = tmp_path / "hosts.yml"
    source.write_text(INVENTORY)
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(source)])
    return HostVars(inventory=inventory, variable_manager=VariableManager(loader=loader, inventory=inventory), loader=loader)


def mesh(hostvars: HostVars, host: str, **own: Any) -> dict[str, Any]:
    groups = {"istio_primary": ["eu", "ap"], "istio_remote": ["us", "sa"]}
    found: dict[str, Any] = FilterModule().filters()["mesh"](hostvars, groups, host, ["eu", "us"], own=own)
    return found


def test_templates_are_evaluated_for_their_own_host_and_only_where_they_are_needed(hostvars: HostVars) -> None:
    found = mesh(hostvars, "us")
    assert (found["connection"], found["primary"]["connection"]) == (
        {"kubeconfig": "/keys/us", "expected_cluster_uid": "u-us"},
        {"kubeconfig": "/keys/eu"},
    )
    assert (found["primary"]["name"], found["primary"]["expose"], found["left_out"]) == ("europe", True, [])
    assert mesh(hostvars, "us", primary="nowhere")["primary"]["connection"] == {}


def test_a_template_that_cannot_be_evaluated_is_named_where_it_is_needed(hostvars: HostVars) -> None:
    with pytest.raises(AnsibleError, match="nobody_said"):
        mesh(hostvars, "sa")


def test_clusters_become_options_of_modules(hostvars: HostVars) -> None:
    others = mesh(hostvars, "eu")["others"]
    us = {"name": "us", "kubeconfig": "/keys/us", "expected_cluster_uid": "u-us"}
    assert cluster_options(others) == [us]
    assert cluster_options(others, fields=["network", "server", "role"]) == [{**us, "server": "https://us", "role": "remote"}]
