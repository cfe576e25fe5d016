"""Contexts of kubeconfig files as hosts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import InvalidOption
from ansible_collections.meshyard.istio.plugins.plugin_utils import kubeconfig_contexts as contexts
from ansible_collections.meshyard.istio.plugins.plugin_utils import kubeconfig_files as files
from ansible_collections.meshyard.istio.plugins.plugin_utils.kubeconfig_contexts import Context

ARN = "arn:aws:eks:eu-west-1:123456789012:cluster/prod"


def kubeconfig(*names: str, parts: bool = True, token: str = "") -> dict[str, Any]:
    content: dict[str, Any] = {"contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in names]}
    if parts:
        content["clusters"] = [{"name": name, "cluster": {"server": f"https://{name}"}} for name in names]
        content["users"] = [{"name": name, "user": {"token": token or f"token-of-{name}"}} for name in names]
    return content


def usual(context: Context) -> str:
    return contexts.host_name(context.name)


def test_patterns_choose_contexts_and_a_host_knows_file_and_context() -> None:
    found = contexts.contexts({"/k/a.yaml": kubeconfig("prod-eu", "prod-old", "test")}, ["prod-*"], ["*-old"])
    assert [one.name for one in found] == ["prod-eu"]
    assert found[0].variables() == {
        "ansible_connection": "local",
        "meshyard_kubeconfig": "/k/a.yaml",
        "meshyard_context": "prod-eu",
    }
    assert found[0].words()["file"] == "a"


def test_a_context_that_refers_to_other_files_gets_all_of_them_with_its_own_first() -> None:
    content = {"/k/parts": kubeconfig("eu"), "/k/contexts": kubeconfig("eu", parts=False)}
    found = contexts.contexts(content, ["*"], [])
    assert [one.kubeconfig for one in found] == ["/k/parts", "/k/contexts:/k/parts"]


@pytest.mark.parametrize(
    ("context", "host"), [("eu", "eu"), (ARN, "prod"), ("admin@my cluster", "admin-my-cluster"), ("gke_p_z_eu", "gke_p_z_eu")]
)
def test_the_usual_host_name_is_the_context_without_what_no_host_name_has(context: str, host: str) -> None:
    assert contexts.host_name(context) == host


def test_two_contexts_that_would_be_one_host_are_refused_with_both_of_them_and_a_way_out() -> None:
    found = contexts.contexts({"/k/a": kubeconfig("eu"), "/k/b": kubeconfig("eu")}, ["*"], [])
    with pytest.raises(InvalidOption) as refused:
        contexts.hosts(found, usual)
    assert "/k/a" in refused.value.problem
    assert "/k/b" in refused.value.problem
    assert "host_name" in refused.value.remedy
    apart = contexts.hosts(found, lambda one: f"{one.file}-{one.name}")
    assert list(apart) == ["a-eu", "b-eu"]


@pytest.mark.parametrize("name", ["", "a b", "x:y", "all", "istio_primary"])
def test_a_host_name_that_ansible_would_take_apart_or_for_a_group_is_refused(name: str) -> None:
    with pytest.raises(InvalidOption, match="not possible"):
        contexts.hosts([Context("eu", "/k/a")], lambda _one: name, ["istio_primary"])


def test_lists_of_hosts_are_names_and_patterns_and_one_that_means_nothing_is_refused() -> None:
    assert contexts.chosen(["eu", "eu-2", "us"], ["eu*"], "primaries") == ["eu", "eu-2"]
    with pytest.raises(InvalidOption, match="primaries names asia"):
        contexts.chosen(["eu"], ["asia"], "primaries")


def test_no_message_shows_a_credential() -> None:
    (one,) = contexts.contexts({"/k/a": kubeconfig("eu", token="very-secret")}, ["*"], [])
    assert "very-secret" not in repr(one)
    assert one.without_secrets("https://me:pass@eu said very-secret") == "https://********@eu said ********"


def test_files_are_named_by_patterns_relative_to_the_inventory_and_each_is_taken_once(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("{}")
    wanted = [str(tmp_path / "b.yaml"), str(tmp_path / "a.yaml")]
    assert files.paths(["b.yaml", "*.yaml"], str(tmp_path), {}) == wanted
    with pytest.raises(InvalidOption, match="no such file"):
        files.paths(["c*.yaml"], str(tmp_path), {})


def test_without_files_those_of_kubectl_are_taken_as_far_as_they_are_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("{}")
    assert files.paths([], "/", {"KUBECONFIG": f"{tmp_path}/a:{tmp_path}/none"}) == [str(tmp_path / "a")]
    with pytest.raises(InvalidOption, match="does not exist"):
        files.paths([], "/", {"KUBECONFIG": f"{tmp_path}/none"})


def test_an_empty_file_is_passed_over_unless_there_is_no_other(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "one").write_text("contexts: []")
    assert list(files.read([str(tmp_path / "empty"), str(tmp_path / "one")])) == [str(tmp_path / "one")]
    with pytest.raises(InvalidOption, match="is empty"):
        files.read([str(tmp_path / "empty")])


def test_a_file_that_is_no_kubeconfig_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("- not a map")
    with pytest.raises(InvalidOption, match="is no kubeconfig"):
        files.read([str(tmp_path / "a")])
