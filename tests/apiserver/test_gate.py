"""istio_revision_info, upgrade_gate and traffic_probe against an API server on which pods come up, but no program runs in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from lab.apiserver import ApiServer
from lab.waiting import until
from tests.harness.injector import Injector
from tests.harness.loopback import Server
from tests.harness.mesh import Mesh
from tests.harness.modules import Call, answer
from tests.harness.proxy import WriteProxy

OLD, NEW = "1-31-0", "1-32-0"
TEMPORARY = {"temporary": True, "image": "registry.invalid/client:1", "labels": {"team": "shop"}}


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    folder = tmp_path_factory.mktemp("gate")
    with ApiServer(folder / "server", "gate", controllers=True) as server, Injector(folder, {}) as injector:
        found = Mesh(server, injector)
        found.revision(OLD, "1.31.0")
        found.revision(NEW, "1.32.0")
        found.tag("prod", NEW)
        for namespace, revision in (("shop", NEW), ("slow", OLD)):
            found.namespace(namespace, {"istio.io/rev": revision})
            found.workload(namespace, "web")
            found.settled(namespace, "web")
        yield found


@pytest.fixture
def writes(mesh: Mesh) -> Callable[[], list[str]]:
    """The writes of modules in this test, dry runs aside, as the audit log has them."""
    before = len(mesh.server.audit_log.read_text().splitlines())

    def found() -> list[str]:
        entries = [json.loads(line) for line in mesh.server.audit_log.read_text().splitlines()[before:]]
        ours = [entry for entry in entries if entry.get("userAgent") == "meshyard.istio"]
        return [f"{one['verb']} {one['requestURI']}" for one in ours if one["verb"] in ("create", "patch", "update", "delete")]

    return found


def gate(mesh: Mesh, *namespaces: str, check: bool = False, **options: Any) -> dict[str, Any]:
    given = {**mesh.connection, "namespaces": list(namespaces), "revision": NEW, "wait_timeout": 0, **options}
    return Call("upgrade_gate", given, check=check).run()


def words(told: dict[str, Any]) -> dict[str, str]:
    return {one["check"]: one["verdict"] for one in told["evidence"]}


def probe(mesh: Mesh, check: bool = False, **options: Any) -> Call:
    given = {**mesh.connection, "to": "http://web.shop/", "requests": 1, "wait_timeout": 60, **options}
    return Call("traffic_probe", given, check=check)


def probes_left(mesh: Mesh) -> list[str]:
    return [pod["metadata"]["name"] for pod in mesh.items("Pod", "shop") if pod["metadata"]["name"].startswith("meshyard-probe-")]


@pytest.mark.smoke
def test_pods_on_the_revision_pass_and_an_istiod_that_cannot_be_asked_leaves_the_gate_inconclusive(
    mesh: Mesh, writes: Callable[[], list[str]]
) -> None:
    told = gate(mesh, "shop")
    assert (told["changed"], told["verdict"], words(told)) == (False, "inconclusive", {"pods": "passed", "proxies": "inconclusive"})
    pods, proxies = told["evidence"]
    assert (pods["total"], pods["on_target"], pods["versions"]) == (2, 2, {"1.32.0": 2})
    assert [one["istiod"].rpartition("-")[0].rpartition("-")[0] for one in proxies["unreadable"]] == ["istiod-1-32-0"]
    assert writes() == []


def test_pods_of_another_revision_fail(mesh: Mesh) -> None:
    told = gate(mesh, "shop", "slow", revision="prod")
    assert told["verdict"] == "failed"
    assert {one["namespace"] for one in told["evidence"][0]["wrong"]} == {"slow"}


def test_a_namespace_that_does_not_exist_fails(mesh: Mesh) -> None:
    told = gate(mesh, "nope", "shop")
    assert (told["verdict"], told["evidence"][0]["namespaces_gone"]) == ("failed", ["nope"])
    assert "the namespace nope does not exist" in told["evidence"][0]["detail"]


def test_a_workload_without_any_pod_fails_and_one_that_is_to_have_none_passes(mesh: Mesh) -> None:
    mesh.namespace("bare", {"istio.io/rev": NEW})
    assert words(gate(mesh, "bare"))["pods"] == "passed"
    mesh.workload("bare", "web", paused=True)
    told = gate(mesh, "bare")["evidence"][0]
    assert (told["verdict"], told["missing"]) == ("failed", [{"namespace": "bare", "kind": "Deployment", "name": "web"}])
    mesh.merge("Deployment", "web", "bare", {"spec": {"replicas": 0}})
    assert words(gate(mesh, "bare"))["pods"] == "passed"


def test_check_mode_predicts_what_is_not_moved_yet_and_sends_no_probe(mesh: Mesh, writes: Callable[[], list[str]]) -> None:
    probes = [{"name": "web", "from": {"namespace": "shop", **TEMPORARY}, "to": "http://web.shop/"}]
    told = gate(mesh, "slow", check=True, probes=probes)
    assert told.keys() == gate(mesh, "slow").keys()
    assert (told["verdict"], words(told)) == ("predicted", {"pods": "predicted", "proxies": "predicted", "probe": "predicted"})
    assert gate(mesh, "slow", check=True, revision="1-99-0")["verdict"] == "predicted"
    assert writes() == []


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"metrics": [{"name": "errors", "query": "q"}], "prometheus_url": "http://x"}, "The metric errors has no limit."),
        ({"probes": [{"from": {"namespace": "shop"}, "to": "http://x/"}]}, "The option from gives no place to send from."),
        ({"probes": [{"from": {"controller": True}, "to": "http://x/", "name": "a"}] * 2}, "Several probes have the name 'a'."),
    ],
)
def test_bad_input_is_refused_with_a_sentence(mesh: Mesh, options: dict[str, Any], problem: str) -> None:
    told = gate(mesh, "shop", **options)
    assert (told["failed"], told["problem"]) == (True, problem)
    assert told["remedy"]


def test_the_token_of_prometheus_is_in_no_answer(mesh: Mesh) -> None:
    metrics = [{"name": "errors", "query": "q", "max": 1}]
    told = gate(mesh, "shop", metrics=metrics, prometheus_url="http://127.0.0.1:1", prometheus_token="very-secret")
    assert words(told)["metric"] == "inconclusive"
    assert "very-secret" not in json.dumps(told)


def test_a_temporary_pod_is_deleted_when_nothing_can_be_sent_from_it(mesh: Mesh, writes: Callable[[], list[str]]) -> None:
    told = probe(mesh, **{"from": {"namespace": "shop", **TEMPORARY}}).run()
    assert told["failed"]
    until(lambda: probes_left(mesh) == [], 30, lambda: f"The pods {probes_left(mesh)} are still there.")
    assert [write.partition(" ")[0] for write in writes()] == ["create", "delete"]


@pytest.mark.parametrize("gracefully", [True, False])
def test_what_a_killed_run_made_is_deleted_by_itself_or_by_the_next_run(mesh: Mesh, gracefully: bool) -> None:
    source = {"from": {"namespace": "shop", **TEMPORARY}}
    with WriteProxy(mesh.server.host) as proxy:
        through = {"kubeconfig": None, "host": proxy.url, "api_key": mesh.server.token}
        process = probe(mesh, **source, **through).start()
        proxy.at(1, process.terminate if gracefully else process.kill, after=True)
        if gracefully:
            assert answer(process)["failed"]
        else:
            process.communicate(timeout=60)
            assert len(probes_left(mesh)) == 1
            probe(mesh, **source).run()
    until(lambda: probes_left(mesh) == [], 30, lambda: f"The pods {probes_left(mesh)} are still there.")


def test_check_mode_of_a_probe_predicts_the_pod_and_makes_none(mesh: Mesh, writes: Callable[[], list[str]]) -> None:
    told = probe(mesh, check=True, **{"from": {"namespace": "shop", **TEMPORARY}}, expect={}).run()
    assert [step["action"] for step in told["steps"]] == ["create", "delete"]
    assert (told["changed"], told["counts"]["total"], told["unmet"], writes()) == (True, 0, [], [])


class _Web(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("X-Responder", "web-1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is http.server's
        """Silent."""


@pytest.fixture
def web() -> Iterator[str]:
    with Server(_Web) as server:
        yield server.url


@pytest.mark.smoke
def test_a_probe_from_the_controller_counts_and_changes_nothing(mesh: Mesh, web: str, writes: Callable[[], list[str]]) -> None:
    options = {"from": {"controller": True}, "to": f"{web}/", "requests": 9, "concurrency": 3, "expect": {"responders": ["web-*"]}}
    told = probe(mesh, **options).run()
    assert told["counts"] == {"total": 9, "succeeded": 9, "by_status": {"200": 9}, "by_responder": {"web-1": 9}}
    assert (told["changed"], told["client"], told["sender"]["pod"], writes()) == (False, "controller", None, [])
    assert 0 < told["latency_ms"]["p50"] <= told["latency_ms"]["max"]


def test_a_probe_that_is_not_as_expected_fails_with_its_counts(mesh: Mesh, web: str) -> None:
    told = probe(mesh, **{"from": {"controller": True}, "to": f"{web}/missing", "requests": 2}, expect={}).run()
    assert told["failed"]
    assert told["counts"]["by_status"] == {"404": 2}
    assert told["failures"] == [{"status": 404, "error": "status 404", "count": 2}]
    assert "0 of 2 requests succeeded" in told["msg"]


def test_without_an_expectation_a_probe_only_measures(mesh: Mesh, web: str) -> None:
    told = probe(mesh, **{"from": {"controller": True}, "to": f"{web}/missing"}).run()
    assert not told.get("failed")
    assert told["counts"]["succeeded"] == 0


def test_every_control_plane_is_told_in_a_dozen_requests(mesh: Mesh, writes: Callable[[], list[str]]) -> None:
    told = Call("istio_revision_info", mesh.connection).run()
    assert [(one["revision"], one["version"], one["tags"], one["pods"], one["ready"]) for one in told["revisions"]] == [
        (OLD, "1.31.0", [], None, True),
        (NEW, "1.32.0", ["prod"], None, True),
    ]
    assert told["requests"] <= 12
    assert (told["changed"], writes()) == (False, [])


def test_the_details_tell_who_blocks_a_revision_and_what_could_not_be_asked(mesh: Mesh) -> None:
    told = Call("istio_revision_info", {**mesh.connection, "gather": ["blockers", "statistics", "pods"], "revisions": [OLD]}).run()
    found = {(one["kind"], one["name"]) for one in told["blockers"][OLD]}
    assert ("Namespace", "slow") in found
    assert {kind for kind, _name in found} == {"Namespace", "Pod", "Istiod"}
    assert told["statistics"]["pods"]["injected"] == {OLD: 2, NEW: 2}
    assert {one["desired"] for one in told["pods"]} == {OLD, NEW}
    assert len(told["unreadable"]) == 2


def test_check_mode_tells_the_same(mesh: Mesh) -> None:
    real, predicted = (Call("istio_revision_info", mesh.connection, check=check).run() for check in (False, True))
    for told in (real, predicted):
        told.pop("invocation")
    assert real == predicted
