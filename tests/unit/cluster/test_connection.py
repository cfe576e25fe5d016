"""Which cluster a module talks to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import channel, connect, connection_options
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.transport import Transport
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    def named(name: str, **content: Any) -> dict[str, Any]:
        return {"name": name, **content}

    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "eu",
        "clusters": [named(name, cluster={"server": f"https://{name}.example:6443"}) for name in ("eu", "us")],
        "contexts": [named(name, context={"cluster": name, "user": name}) for name in ("eu", "us")],
        "users": [named(name, user={"token": f"token-of-{name}"}) for name in ("eu", "us")],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(content))
    return str(path)


@pytest.fixture
def _awx_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K8S_AUTH_HOST", "https://awx.example:6443")
    monkeypatch.setenv("K8S_AUTH_API_KEY", "token-of-awx")
    monkeypatch.setenv("K8S_AUTH_VERIFY_SSL", "False")


@pytest.mark.usefixtures("_awx_credential")
def test_awx_credential_is_used_where_no_option_is_given() -> None:
    configuration = connect.new_client({}).configuration
    assert configuration.host == "https://awx.example:6443"
    assert configuration.auth_settings()["BearerToken"]["value"] == "Bearer token-of-awx"


@pytest.mark.usefixtures("_awx_credential")
@pytest.mark.parametrize("context", ["eu", "us"])
def test_an_explicit_kubeconfig_wins_over_awx_credential(kubeconfig: str, context: str) -> None:
    configuration = connect.new_client({"kubeconfig": kubeconfig, "context": context}).configuration
    assert configuration.host == f"https://{context}.example:6443"
    assert configuration.auth_settings()["BearerToken"]["value"] == f"Bearer token-of-{context}"
    assert configuration.verify_ssl is True


@pytest.mark.usefixtures("_awx_credential")
def test_the_environment_is_as_before_after_connecting(kubeconfig: str) -> None:
    connect.new_client({"kubeconfig": kubeconfig})
    assert connect.os.environ["K8S_AUTH_HOST"] == "https://awx.example:6443"


def test_a_second_connection_takes_nothing_over_from_the_first(kubeconfig: str) -> None:
    first = connect.new_client({"kubeconfig": kubeconfig, "context": "eu", "validate_certs": False}).configuration
    second = connect.new_client({"host": "https://us.example:6443", "api_key": "another"}).configuration
    assert second.auth_settings()["BearerToken"]["value"] == "Bearer another"
    assert (second.host, second.verify_ssl) == ("https://us.example:6443", True)
    assert first.auth_settings()["BearerToken"]["value"] == "Bearer token-of-eu"
    assert first.host == "https://eu.example:6443"


def test_the_names_taken_from_kubernetes_core_exist_with_these_signatures() -> None:
    for function in (connect._create_auth_spec, connect._create_configuration, connect._create_headers, connect._set_header):
        assert callable(function)


def test_the_words_of_a_connection_are_all_those_of_kubernetes_core() -> None:
    for word, option in AUTH_ARG_SPEC.items():
        ours = connection_options.OPTIONS[word]
        assert (ours["type"], ours.get("aliases")) == (option.get("type", "str"), option.get("aliases"))
        assert ours.get("options", {}).keys() == option.get("options", {}).keys()
        assert ours.get("no_log") or not option.get("no_log")
    assert connection_options.OPTIONS.keys() == AUTH_ARG_SPEC.keys()


def test_each_group_that_is_impersonated_has_a_header_of_its_own(kubeconfig: str) -> None:
    client = connect.new_client({"kubeconfig": kubeconfig, "impersonate_user": "ada", "impersonate_groups": ["one", "two"]})
    sent = [(str(header), value) for header, value in client.default_headers.items() if "Impersonate" in header]
    assert sorted(sent) == [("Impersonate-Group", "one"), ("Impersonate-Group", "two"), ("Impersonate-User", "ada")]


def test_nothing_is_run_in_a_pod_in_the_name_of_the_account_instead_of_the_one_that_is_impersonated(kubeconfig: str) -> None:
    client = connect.new_client({"kubeconfig": kubeconfig, "impersonate_user": "ada"})
    cluster = connect.Cluster("eu", Transport(client, "eu"))
    with pytest.raises(MeshyardError, match="Neither exec nor port-forward"), channel.core_api(cluster):
        pass
