"""What of a module's options Ansible masks, and what not."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from ansible_collections.meshyard.istio.plugins.module_utils._ansible import redaction


def masked(**params: Any) -> set[str]:
    """What is masked in the end, after Ansible had hidden these options whole."""
    whole = {str(params[word]) for word in ("kubeconfig", "host", "proxy") if isinstance(params.get(word), str)}
    module = SimpleNamespace(params=params, no_log_values=whole | set(redaction._texts(params.get("kubeconfig"))))
    redaction.narrow(module)
    return module.no_log_values


@pytest.fixture(autouse=True)
def _no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in redaction.os.environ if name.startswith("K8S_AUTH_")]:
        monkeypatch.delenv(name)


def test_of_an_inline_kubeconfig_the_secrets_are_masked_and_nothing_else() -> None:
    login = {
        "command": "login",
        "args": ["--token", "s-arg", "--secret=s-flag", "-v", "1"],
        "env": [{"name": "AWS_SECRET_ACCESS_KEY", "value": "s-env"}, {"name": "REGION", "value": "eu"}],
    }
    user = {"token": "s-token", "password": "s-password", "client-key-data": "s-key", "exec": login}
    tokens = {"id-token": "s-id", "refresh-token": "s-refresh", "access-token": "s-access", "client-secret": "s-client"}
    old = {"auth-provider": {"config": tokens}}
    content = {
        "apiVersion": "v1",
        "clusters": [{"name": "a", "cluster": {"server": "https://a:6443", "insecure-skip-tls-verify": True}}],
        "users": [{"name": "a", "user": user}, {"name": "b", "user": old}],
    }
    wanted = {"s-arg", "s-flag", "s-env", "s-token", "s-password", "s-key", "s-id", "s-refresh", "s-access", "s-client"}
    assert masked(kubeconfig=content) == wanted
    text = yaml.safe_dump(content)
    assert masked(kubeconfig=text) == {text, *wanted}
    assert masked(primary={"kubeconfig": content}) == wanted
    assert masked(clusters=[{"name": "a", "kubeconfig": content}]) == wanted


def test_neither_a_path_nor_a_plain_url_is_masked() -> None:
    assert masked(kubeconfig="/etc/kubeconfig", host="https://api:6443", proxy="http://proxy:3128", client_key="/etc/key.pem") == set()


@pytest.mark.parametrize("option", ["host", "proxy", "chart_repo_url", "prometheus_url", "to"])
def test_the_user_of_a_url_is_masked_in_every_option(option: str) -> None:
    found = masked(**{option: "https://ada:s%2Fecret@api:6443/x"})
    assert {"ada:s%2Fecret", "ada:s/ecret", "s%2Fecret", "s/ecret"} <= found
    assert not any("api" in text for text in found)
    assert "token-as-user" in masked(**{option: "https://token-as-user@api"})


def test_a_password_that_would_end_the_address_is_masked_too() -> None:
    assert {"ada:p/a#s@s", "p/a#s@s"} <= masked(host="https://ada:p/a#s@s@api:6443")


def test_a_secret_is_masked_as_messages_json_and_urls_show_it() -> None:
    secret = 'line one of it\n"line two" of it\\'
    found = masked(api_key=secret)
    for form in (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], redaction.quote(secret, safe=""), "line one of it"):
        assert form in found


def test_secret_headers_of_probes_are_masked() -> None:
    headers = {"Authorization": "Bearer s", "X-Api-Key": "k", "Accept": "text/plain"}
    assert masked(probes=[{"headers": headers}]) == {"Bearer s", "Bearer%20s", "k"}


def test_the_password_alone_of_a_basic_login_is_masked() -> None:
    assert {"ada:hush", "hush"} <= masked(proxy_headers={"proxy_basic_auth": "ada:hush"})


def test_what_comes_from_the_environment_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K8S_AUTH_API_KEY", "s-token")
    monkeypatch.setenv("K8S_AUTH_HOST", "https://ada:hush@api")
    assert {"s-token", "ada:hush", "hush"} <= masked()


def test_a_secret_that_is_also_the_name_of_something_stays_masked() -> None:
    assert masked(kubeconfig={"contexts": [{"name": "same"}]}, api_key="same") == {"same"}


def test_text_that_cannot_be_read_as_a_kubeconfig_is_masked_whole() -> None:
    text = "token: [never closed\nmore: x"
    assert text in masked(kubeconfig=text)
