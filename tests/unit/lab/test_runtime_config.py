"""What the programs of a cluster are told: every path and name is the cluster's own."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import cluster, containerd, controlplane, dns, host, node
from lab.addresses import PLANS, Plan
from lab.paths import CNI_BIN, LAB

CENTRAL = PLANS[0]


def strings(value: object) -> Iterator[str]:
    """All texts in nested lists and mappings."""
    if isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


@pytest.fixture
def runtime() -> dict[str, Any]:
    return tomllib.loads(containerd.config(CENTRAL))


def test_containerd_uses_no_path_outside_the_cluster_and_the_lab(runtime: dict[str, Any]) -> None:
    absolute = [text for text in strings(runtime) if text.startswith("/")]

    assert len(absolute) >= 8
    allowed = (f"{CENTRAL.run}/", f"{LAB}/")
    assert [path for path in absolute if not path.startswith(allowed)] == []


def test_containerd_is_set_for_hosts_with_few_rights(runtime: dict[str, Any]) -> None:
    interface = runtime["plugins"]["io.containerd.grpc.v1.cri"]

    assert interface["restrict_oom_score_adj"] is True
    assert interface["disable_apparmor"] is True
    assert interface["netns_mounts_under_state_dir"] is True
    assert interface["cni"]["bin_dir"] == str(CNI_BIN)
    assert interface["sandbox_image"] == "meshyard.lab/pause:1"


def test_pods_get_addresses_of_their_cluster_and_no_masquerade() -> None:
    link, ports = json.loads(containerd.network_config(CENTRAL))["plugins"]

    assert link["ipam"]["ranges"] == [[{"subnet": CENTRAL.pod_range}]]
    assert link["ipMasq"] is False
    assert ports["type"] == "portmap"


def test_the_kubelet_stays_in_its_own_cgroup_and_never_evicts() -> None:
    config = yaml.safe_load(node.kubelet_config(CENTRAL))

    assert config["cgroupRoot"] == f"/{CENTRAL.cgroup}"
    assert config["enforceNodeAllocatable"] == []
    assert config["failCgroupV1"] is False
    assert set(config["evictionHard"].values()) == {"0%"}
    assert config["containerRuntimeEndpoint"] == f"unix://{CENTRAL.containerd_socket}"
    assert config["clusterDNS"] == [CENTRAL.dns_ip]


@pytest.mark.parametrize(("plan", "place"), [(PLANS[0], ("eu", "eu-1")), (PLANS[1], ("us", "us-1"))])
def test_nodes_carry_region_and_zone(plan: Plan, place: tuple[str, str]) -> None:
    labels = next(item for item in node.kubelet(plan).argv if item.startswith("--node-labels="))

    assert f"topology.kubernetes.io/region={place[0]}" in labels
    assert f"topology.kubernetes.io/zone={place[1]}" in labels


def test_the_proxy_serves_by_nftables_and_leaves_the_limits_of_the_host_alone() -> None:
    config = yaml.safe_load(node.proxy_config(CENTRAL))

    assert config["mode"] == "nftables"
    assert set(config["conntrack"].values()) == {0, "0s"}


def test_names_of_the_cluster_resolve_and_all_others_do_not_exist() -> None:
    own, others = dns.corefile(CENTRAL).split("\n. {")

    assert own.startswith("cluster.local ")
    assert "kubernetes" in own
    assert "rcode NXDOMAIN" in others


def test_the_dns_service_leads_to_the_node_by_the_same_ports() -> None:
    service, endpoints = dns.service(CENTRAL), dns.endpoints(CENTRAL)

    assert service["spec"]["clusterIP"] == CENTRAL.dns_ip
    assert endpoints["metadata"]["labels"]["kubernetes.io/service-name"] == service["metadata"]["name"]
    assert [port["name"] for port in endpoints["ports"]] == [port["name"] for port in service["spec"]["ports"]]
    assert endpoints["endpoints"][0]["addresses"] == [CENTRAL.node_ip]


def test_every_write_is_in_the_audit_log_and_no_rule_leaves_one_out() -> None:
    policy = yaml.safe_load(controlplane.audit_policy())

    leaving_out = [rule for rule in policy["rules"] if rule["level"] == "None"]
    assert policy["rules"][-1] == {"level": "Metadata"}
    assert leaving_out
    for rule in leaving_out:
        assert rule.get("verbs") == ["get", "list", "watch"] or "nonResourceURLs" in rule


def test_every_program_of_a_cluster_runs_in_its_namespace_with_a_log_and_a_name_of_its_own() -> None:
    programs = cluster.programs(CENTRAL)

    assert len({spec.name for spec in programs}) == len(programs) == 9
    assert len({spec.log for spec in programs}) == len(programs)
    assert {spec.namespace for spec in programs if spec.name != "loadbalancer"} == {CENTRAL.namespace}


def test_etcd_starts_first_and_containerd_before_the_kubelet() -> None:
    names = [spec.name for spec in cluster.programs(CENTRAL)]

    assert names[:2] == ["etcd", "kube-apiserver"]
    assert names.index("containerd") < names.index("kubelet")


def test_sockets_fit_into_the_length_that_the_kernel_allows() -> None:
    longest = containerd.state(CENTRAL) / "io.containerd.grpc.v1.cri" / ("0" * 40)

    assert max(len(str(path)) for path in (CENTRAL.containerd_socket, longest)) < 107


def test_settings_that_were_remembered_are_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"kernel/panic": "0", "fs/inotify/max_user_instances": "128"}
    monkeypatch.setattr(host, "MEMORY", tmp_path / "host.json")
    monkeypatch.setattr(host, "FIXED_FOLDERS", ())
    monkeypatch.setattr(host, "NAMESPACES", tmp_path / "netns")
    monkeypatch.setattr(host, "DEVICE_PLUGINS", tmp_path / "device-plugins")
    monkeypatch.setattr(host, "_read", settings.get)
    monkeypatch.setattr(host, "_write", settings.__setitem__)

    host.remember()
    assert settings["fs/inotify/max_user_instances"] == "1024"
    settings["kernel/panic"] = "10"
    host.remember()
    host.restore()

    assert settings == {"kernel/panic": "0", "fs/inotify/max_user_instances": "128"}


def test_settings_remembered_before_a_reboot_are_not_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(host, "MEMORY", tmp_path / "host.json")
    monkeypatch.setattr(host, "_write", lambda name, _: written.append(name))
    host.MEMORY.write_text(json.dumps({"boot": "before", "settings": {"kernel/panic": "77"}, "folders": []}))

    host.restore()

    assert written == []
    assert not host.MEMORY.exists()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for /sys/fs/cgroup."""
    monkeypatch.setattr(node, "CGROUPS", tmp_path)
    return tmp_path


def test_with_cgroup_v1_the_group_is_made_in_every_tree_with_the_processors_of_its_parent(tree: Path) -> None:
    for controller in ("cpu", "cpuset", "memory"):
        (tree / controller).mkdir()
        (tree / controller / "cgroup.procs").touch()
    (tree / "cpuset" / "cpuset.cpus").write_text("0-1")
    own = tree / "cpuset" / CENTRAL.cgroup
    own.mkdir()
    (own / "cpuset.cpus").touch()

    node.make_cgroups(CENTRAL)

    assert {path.parent.name for path in tree.glob(f"*/{CENTRAL.cgroup}")} == {"cpu", "cpuset", "memory"}
    assert (own / "cpuset.cpus").read_text() == "0-1"


def test_with_cgroup_v2_the_group_may_use_and_pass_on_the_controllers_of_the_root(tree: Path) -> None:
    own = tree / CENTRAL.cgroup
    own.mkdir()
    for group in (tree, own):
        (group / "cgroup.controllers").write_text("memory")
        (group / "cgroup.subtree_control").touch()

    node.make_cgroups(CENTRAL)

    assert [(group / "cgroup.subtree_control").read_text() for group in (tree, own)] == ["+memory", "+memory"]


def test_processes_of_containers_are_found_in_every_group_below_the_own_one(tree: Path) -> None:
    for place, pids in ((f"cpu/{CENTRAL.cgroup}/pod", "7\n8\n"), (f"memory/{CENTRAL.cgroup}/pod", "8\n9\n"), ("cpu/other", "1\n")):
        (tree / place).mkdir(parents=True)
        (tree / place / "cgroup.procs").write_text(pids)
    for controller in ("cpu", "memory"):
        (tree / controller / "cgroup.procs").touch()

    assert node.processes(CENTRAL) == [7, 8, 9]


def test_groups_are_removed_from_the_innermost_outwards_and_others_stay(tree: Path) -> None:
    (tree / "cpu" / CENTRAL.cgroup / "kubepods" / "pod").mkdir(parents=True)
    (tree / "cpu" / "other").mkdir()
    (tree / "cpu" / "cgroup.procs").touch()

    node.remove_cgroups(CENTRAL)

    assert sorted(path.name for path in (tree / "cpu").iterdir()) == ["cgroup.procs", "other"]
