"""What a survey of a mesh reads, and what it does without."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import syncz
from ansible_collections.meshyard.istio.plugins.module_utils._run.survey import proxies, survey
from tests.unit.mesh import build
from tests.unit.run.fake import FakeApi, cluster

NEW = "1-32-0"
ALL = ("pods", "workloads", "namespaces", "gateways", "proxies", "blockers", "statistics")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A CA that expires soon, and one that does not."""
    folder = tmp_path_factory.mktemp("certificates")
    return {name: make(folder / name, days) for name, days in (("soon", 10), ("late", 1000))}


def make(path: Path, days: int) -> str:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/O=mesh", "-days", str(days)]
    subprocess.run([*command, "-keyout", path.with_suffix(".key"), "-out", path], check=True, capture_output=True)
    return path.read_text()


def secret(name: str, **data: str) -> dict[str, Any]:
    encoded = {key.replace("_", "-") + ".pem": base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"metadata": build.meta(name, build.SYSTEM), "data": encoded}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    monkeypatch.setattr(proxies, "connections", lambda *_unused: syncz.merge([], [syncz.Silent(NEW, "istiod-a", "timed out")]))
    found = FakeApi()
    found.add("Namespace", build.namespace("shop", {"istio.io/rev": NEW}), build.namespace(build.SYSTEM))
    found.add("Deployment", build.istiod(NEW), build.workload("web"))
    found.add("MutatingWebhookConfiguration", build.injector(NEW))
    found.add("Pod", build.pod("web-1", revision=NEW))
    return found


def authority(api: FakeApi) -> tuple[str, str]:
    found = survey.survey(cluster(api), build.SYSTEM).authorities[build.SYSTEM]
    return (f"{found.expiry:%Y-%m-%d}", found.source) if found else ("", "")


def test_a_remote_cluster_is_what_its_webhooks_call_it_whatever_the_inventory_does() -> None:
    api = FakeApi()
    api.add("MutatingWebhookConfiguration", build.injector(NEW, url="https://istiod.example:15017/inject/cluster/west/net/one"))
    found = survey.survey(cluster(api), build.SYSTEM, part=survey.Part("us", other=True))
    assert (found.name, found.cluster_id) == ("us", "west")


def test_without_details_a_dozen_requests_do() -> None:
    api = FakeApi()
    api.add("Deployment", build.istiod(NEW))
    api.add("MutatingWebhookConfiguration", build.injector(NEW))
    survey.survey(cluster(api), build.SYSTEM)
    assert api.requests <= 12


def test_the_ca_that_signs_counts_before_its_root(api: FakeApi, certificates: dict[str, str]) -> None:
    root = {"metadata": build.meta("istio-ca-root-cert", build.SYSTEM), "data": {"root-cert.pem": certificates["late"]}}
    api.add("ConfigMap", root)
    assert authority(api)[1] == "ConfigMap istio-system/istio-ca-root-cert"
    api.add("Secret", secret("istio-ca-secret", ca_cert=certificates["late"]))
    late, source = authority(api)
    assert source == "Secret istio-system/istio-ca-secret"
    api.add("Secret", secret("cacerts", ca_cert=certificates["soon"], root_cert=certificates["late"], ca_key="secret"))
    soon, source = authority(api)
    assert (soon < late, source) == (True, "Secret istio-system/cacerts")


def test_without_access_to_secrets_the_root_is_told_and_the_gap_is_named(api: FakeApi, certificates: dict[str, str]) -> None:
    root = {"metadata": build.meta("istio-ca-root-cert", build.SYSTEM), "data": {"root-cert.pem": certificates["late"]}}
    api.add("ConfigMap", root)
    api.refused = [kind("Secret").path(build.SYSTEM)]
    found = survey.survey(cluster(api), build.SYSTEM)
    assert found.authorities[build.SYSTEM] is not None
    assert any("cacerts" in sentence for sentence in found.unreadable)


def test_an_unknown_ca_is_no_failure(api: FakeApi) -> None:
    assert authority(api) == ("", "")


def test_what_may_not_be_read_is_named_and_does_not_fail(api: FakeApi) -> None:
    api.refused = [kind("Pod").path(), kind("Namespace").path()]
    found = survey.survey(cluster(api), build.SYSTEM, ALL)
    assert (found.pods, found.namespaces) == ([], [])
    told = " ".join(found.unreadable)
    assert "list pods" in told
    assert "list namespaces" in told
    assert "nothing rules out" in told
    assert len(found.unreadable) == len(set(found.unreadable))


def test_an_istiod_that_does_not_answer_is_named(api: FakeApi) -> None:
    found = survey.survey(cluster(api), build.SYSTEM, ["proxies"])
    assert found.unreadable == ["The istiod istiod-a of revision 1-32-0 could not be asked for its proxies: timed out."]


def test_all_details_together_read_no_list_twice(api: FakeApi) -> None:
    survey.survey(cluster(api), build.SYSTEM, ALL)
    everything = [path for path in api.sent if path in ("GET /api/v1/pods", "GET /api/v1/namespaces", "GET /apis/apps/v1/statefulsets")]
    istiod_pods = 2
    assert everything.count("GET /api/v1/pods") == 1 + istiod_pods
    assert everything.count("GET /api/v1/namespaces") == 1
    assert everything.count("GET /apis/apps/v1/statefulsets") == 1
