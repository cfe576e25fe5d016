"""What is said of options that lead to no cluster."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import connect
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError

SECRET = "held-by-nobody-else"


@pytest.fixture(autouse=True)
def _no_connection_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in connect.os.environ if name.startswith(("K8S_AUTH_", "KUBE"))]:
        monkeypatch.delenv(name)


def config(*contexts: str, current: str = "", token: str = SECRET) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "clusters": [{"name": "eu", "cluster": {"server": "https://eu.example:6443"}}],
        "contexts": [{"name": name, "context": {"cluster": "eu", "user": "eu"}} for name in contexts],
        "users": [{"name": "eu", "user": {"token": token}}],
    }


def written(folder: Path, content: Any) -> str:
    path = folder / "kubeconfig"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return str(path)


def said(**options: Any) -> str:
    with pytest.raises(MeshyardError) as caught:
        connect.new_client(options)
    assert caught.value.remedy.endswith(".")
    assert SECRET not in str(caught.value)
    return caught.value.problem


def test_a_missing_kubeconfig_is_named_with_its_path() -> None:
    assert said(kubeconfig="/nowhere/config", context="eu") == "The kubeconfig file /nowhere/config does not exist."


def test_without_any_connection_the_place_that_was_looked_at_is_named() -> None:
    assert "the kubeconfig ~/.kube/config does not exist" in said()
    assert "the kubeconfig ~/.kube/config does not exist" in said(context="eu")


@pytest.mark.parametrize("inline", [True, False])
def test_a_wrong_context_is_named_with_those_that_there_are(tmp_path: Path, inline: bool) -> None:
    content = config("eu", "us", current="eu")
    given = content if inline else written(tmp_path, content)
    assert "has no context mars; it has eu, us." in said(kubeconfig=given, context="mars")


def test_of_many_contexts_ten_are_shown(tmp_path: Path) -> None:
    path = written(tmp_path, config(*(f"c{number}" for number in range(30))))
    assert "it has c0, c1, c2, c3, c4, c5, c6, c7, c8, c9 and 20 more." in said(kubeconfig=path, context="mars")


def test_a_kubeconfig_without_current_context_asks_for_one(tmp_path: Path) -> None:
    assert "has no current context; it has eu." in said(kubeconfig=written(tmp_path, config("eu")))


@pytest.mark.parametrize("content", [f"token: [{SECRET}", f"- {SECRET}", SECRET])
def test_a_file_that_is_no_kubeconfig_is_named_and_not_shown(tmp_path: Path, content: str) -> None:
    path = written(tmp_path, content)
    assert said(kubeconfig=path) == f"The file {path} is no kubeconfig."


def test_a_kubeconfig_that_may_not_be_read_says_why(tmp_path: Path) -> None:
    assert "cannot be read: Is a directory." in said(kubeconfig=str(tmp_path))


@pytest.mark.parametrize("option", ["ca_cert", "client_cert", "client_key"])
def test_a_missing_certificate_is_named_with_its_path(option: str) -> None:
    text = said(host="https://eu.example:6443", api_key=SECRET, **{option: "/nowhere/file.pem"})
    assert text == f"The file /nowhere/file.pem of the option {option} does not exist."


def test_the_content_of_a_kubeconfig_may_come_as_text() -> None:
    client = connect.new_client({"kubeconfig": yaml.safe_dump(config("eu", current="eu"))})
    assert client.configuration.host == "https://eu.example:6443"


@pytest.mark.parametrize("token", [f"{SECRET}\n", f"{SECRET}\nmore", f"{SECRET}ä"])
def test_a_token_that_cannot_be_sent_is_refused_without_showing_it(tmp_path: Path, token: str) -> None:
    assert "holds a line break or a letter that HTTP cannot send" in said(host="https://eu.example:6443", api_key=token)
    assert "cannot send" in said(kubeconfig=written(tmp_path, config("eu", current="eu", token=token)))


def test_a_missing_client_library_names_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "kubernetes", None)
    assert said() == f"The Python library kubernetes cannot be imported by {sys.executable}, which runs this module."


def test_a_missing_collection_is_said_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "_create_configuration", None)
    assert "The collection kubernetes.core" in said()


@pytest.mark.parametrize("proxy", ["http://ada:held-by-nobody-else\\\u013b@127.0.0.1:1", "http://ada:held-by-nobody-else@exa mple:99999"])
def test_a_proxy_that_urllib3_alone_does_not_take_is_refused_without_its_password(proxy: str) -> None:
    with pytest.raises(MeshyardError) as refused:
        connect.new_client({"host": "https://eu.example:6443", "api_key": "x", "proxy": proxy})
    assert "The proxy of the connection is no URL" in str(refused.value)
    assert SECRET not in str(refused.value)
