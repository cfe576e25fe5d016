"""Which cluster a module talks to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import connect
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


def test_a_context_that_does_not_exist_is_said_with_what_to_do(kubeconfig: str) -> None:
    with pytest.raises(MeshyardError, match=r"No connection can be made.*Give kubeconfig and context"):
        connect.new_client({"kubeconfig": kubeconfig, "context": "mars"})


def test_the_names_taken_from_kubernetes_core_exist_with_these_signatures() -> None:
    assert {"kubeconfig", "context", "host", "api_key", "ca_cert", "validate_certs"} <= set(connect.AUTH_ARG_SPEC)
    for function in (connect._create_auth_spec, connect._create_configuration, connect._create_headers):
        assert callable(function)
