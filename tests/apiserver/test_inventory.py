"""The inventory of clusters, by ansible-inventory over real API servers: a primary, a remote that it reads, and one that is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote.kubeconfig import Kubeconfig
from lab.apiserver import ApiServer
from tests import tree
from tests.harness.inventory import Inventory, parsed
from tests.harness.planes import SYSTEM
from tests.harness.primary import NEW, Primary
from tests.harness.remote import Remote

SECRETS = f"/api/v1/namespaces/{SYSTEM}/secrets"
ATTACHED = f"{SECRETS}?labelSelector=istio%2FmultiCluster%3Dtrue"
NETWORK = {"metadata": {"labels": {"topology.istio.io/network": "net-west"}}}
# As EKS, GKE and AKS log in: a program prints a token.
LOGIN = """#!/bin/sh
echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "TOKEN"}}'
"""


@pytest.fixture(scope="module")
def west(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with ApiServer(tmp_path_factory.mktemp("west"), "west") as started:
        yield started


@pytest.fixture
def inventory(primary: Primary, west: ApiServer, tmp_path: Path) -> Iterator[Inventory]:
    """Three kubeconfig files; the name by which istiod knows the remote is another than that of its context."""
    remote = Remote(west)
    remote.serve(NEW)
    west.client.merge(kinds.kind("Namespace").path(None, SYSTEM), NETWORK)
    kubeconfig = Kubeconfig("us", west.host, "", "a-token").render()
    meta = {"name": "istio-remote-secret-us", "labels": {"istio/multiCluster": "true"}}
    primary.client.create(SECRETS, {"metadata": meta, "stringData": {"us": kubeconfig}})
    (tmp_path / "a.kubeconfig").write_text(primary.server.kubeconfig.read_text())
    login = tmp_path / "login"
    login.write_text(LOGIN.replace("TOKEN", west.token))
    login.chmod(0o700)
    content = yaml.safe_load(west.kubeconfig.read_text())
    program = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(login), "interactiveMode": "Never"}
    content["users"] = [{"name": one["name"], "user": {"exec": program}} for one in content["users"]]
    (tmp_path / "b.kubeconfig").write_text(yaml.safe_dump(content))
    lost = {"clusters": [{"name": "lost", "cluster": {"server": "https://me:a-password@127.0.0.1:1"}}]}
    lost["users"] = [{"name": "lost", "user": {"token": "a-token-of-lost"}}]
    lost["contexts"] = [{"name": "lost", "context": {"cluster": "lost", "user": "lost"}}]
    (tmp_path / "c.kubeconfig").write_text(yaml.safe_dump(lost))
    yield Inventory(tmp_path)
    remote.clear()
    primary.client.request("DELETE", ATTACHED)


def test_clusters_are_grouped_by_istiods_and_remote_secrets_and_one_that_is_lost_is_named(
    inventory: Inventory, primary: Primary, west: ApiServer
) -> None:
    done = inventory.run("--list", discover=True)
    found, said = parsed(done.stdout), " ".join(done.stderr.split())
    uid = west.client.get(kinds.kind("Namespace").path(None, "kube-system"))["metadata"]["uid"]
    assert found["istio_primary"]["hosts"] == ["apiserver"]
    assert found["istio_remote"]["hosts"] == ["west"]
    assert found["meshyard_unreachable"]["hosts"] == ["lost"]
    variables = found["_meta"]["hostvars"]
    assert variables["apiserver"]["meshyard_cluster_name"] == "eu"
    assert variables["west"] == {
        "ansible_connection": "local",
        "meshyard_kubeconfig": str(inventory.folder / "b.kubeconfig"),
        "meshyard_context": "west",
        "meshyard_reachable": True,
        "meshyard_expected_cluster_uid": uid,
        "meshyard_cluster_name": "us",
        "meshyard_network": "net-west",
        "remote_cluster_primary": "apiserver",
    }
    assert variables["lost"]["meshyard_reachable"] is False
    assert "Cluster lost (context lost) cannot be reached: " in said
    for secret in (primary.server.token, west.token, "a-token", "a-password"):
        assert secret not in done.stdout + said


def test_a_cache_keeps_what_was_found_and_the_graph_shows_it(inventory: Inventory, primary: Primary) -> None:
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(inventory.folder / "cache")}
    before = inventory.listed(discover=True, **cache)
    primary.client.request("DELETE", ATTACHED)
    primary.clear()
    assert inventory.listed(discover=True, **cache) == before
    graph = inventory.run("--graph", discover=True, **cache).stdout
    assert "|--@istio_primary:\n  |  |--apiserver" in graph
    assert "|--@istio_remote:\n  |  |--west" in graph
    kept = "".join(path.read_text() for path in (inventory.folder / "cache").iterdir())
    assert "a-password" not in kept
    assert "a-token" not in kept


def test_without_a_look_at_clusters_the_inventory_says_which_part_each_has(inventory: Inventory) -> None:
    found = inventory.listed(
        exclude=["lost"],
        host_name="file ~ '-' ~ host_name",
        primaries=["a-*"],
        remotes=["b-west"],
        compose={"meshyard_network": "'net-' ~ meshyard_context"},
        groups={"near": "meshyard_context == 'west'"},
        keyed_groups=[{"key": "meshyard_context", "prefix": "at"}],
    )
    assert (found["istio_primary"]["hosts"], found["istio_remote"]["hosts"]) == (["a-apiserver"], ["b-west"])
    assert found["near"]["hosts"] == found["at_west"]["hosts"] == ["b-west"]
    assert found["_meta"]["hostvars"]["b-west"]["meshyard_network"] == "net-west"
    assert "meshyard_unreachable" not in found


def test_one_name_for_two_contexts_is_refused_in_a_sentence_with_what_to_do(inventory: Inventory) -> None:
    done = inventory.run("--list", host_name="'same'")
    said = " ".join(done.stderr.split())
    assert "would both be the host same" in said
    assert "Tell them apart by the option host_name" in said
    assert "Traceback" not in said


def test_a_playbook_reaches_the_clusters_that_were_found(inventory: Inventory) -> None:
    """The same file, as a play uses it: the modules reach each cluster by it, and by the login program of its kubeconfig."""
    play = {
        "hosts": "istio_primary:istio_remote",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "module_defaults": {"group/meshyard.istio.all": "{{ lookup('meshyard.istio.connection') }}"},
        "tasks": [{"meshyard.istio.istio_revision_info": {}}],
    }
    inventory.run("--list", discover=True)
    (inventory.folder / "play.yml").write_text(yaml.safe_dump([play]))
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "clusters.meshyard.yml", "play.yml"],
        cwd=inventory.folder,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tree.linked()), "ANSIBLE_HOME": str(inventory.folder / "home")},
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout
    assert "west" in done.stdout
