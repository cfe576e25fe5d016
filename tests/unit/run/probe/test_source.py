"""Where a probe is sent from."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.wait import TimedOut
from ansible_collections.meshyard.istio.plugins.module_utils._errors import Abandoned, MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Patch, action
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe import exec as probe_exec
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe import pod as probe_pod
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe import send as probe
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe import source as probe_source
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe.exec import Place, Request
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe.source import Source, WaitPolicy
from tests.unit.mesh import build
from tests.unit.run.fake import FakeApi, cluster

URL = "http://cart.shop/"
NOW = WaitPolicy(0, lambda _line: None, lambda: None)


def pod(name: str, created: str = "2026-01-01T00:00:00Z", **further: Any) -> dict[str, Any]:
    return build.pod(name, owner=("Deployment", "web"), creationTimestamp=created, **further)


@pytest.fixture
def api() -> FakeApi:
    found = FakeApi()
    newest = {"created": "2026-03-01T00:00:00Z"}
    found.add("Pod", pod("web-old"), pod("web-new", "2026-02-01T00:00:00Z", revision="1-32-0"), pod("web-unready", ready=False, **newest))
    return found


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "gives no place"),
        ({"namespace": "shop"}, "gives no place"),
        ({"namespace": "shop", "workload": "web", "pod": "web-1"}, "gives workload and pod"),
        ({"controller": True, "temporary": True, "namespace": "shop", "image": "x"}, "gives temporary and controller"),
        ({"workload": "web"}, "without its namespace"),
        ({"temporary": True, "namespace": "shop"}, "gives no image"),
    ],
)
def test_a_place_that_is_none_or_several_is_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(MeshyardError, match=problem):
        probe_source.parse(given)


@pytest.mark.parametrize(
    "request_",
    [
        *(Request(url) for url in ("ftp://x/", "cart:8080", "http://cart:99999/", "http://cart:0/", "http://cart/a b")),
        *(Request(URL, count=0), Request(URL, timeout=0), Request(URL, concurrency=51), Request(URL, method="GE T")),
        *(Request(URL, headers=headers) for headers in ({"x y": "1"}, {"x": "1\r\nhost: other"})),
    ],
)
def test_a_request_that_cannot_be_sent_is_refused(request_: Request) -> None:
    with pytest.raises(MeshyardError) as told:
        probe.check(request_)
    assert told.value.remedy


@pytest.mark.parametrize("name", ["web", "Deployment/web", "deployment/web"])
def test_of_a_workload_the_newest_ready_pod_sends(api: FakeApi, name: str) -> None:
    sender = probe.foresee(cluster(api), Source(namespace="shop", workload=name), Request(URL), NOW)
    assert (sender.place, sender.plane, sender.steps) == (Place("shop", "web-new", "app"), "1-32-0", ())


@pytest.mark.parametrize("source", [Source(namespace="shop", workload="StatefulSet/web"), Source(namespace="shop", pod="web-gone")])
def test_a_place_that_does_not_exist_is_named(api: FakeApi, source: Source) -> None:
    with pytest.raises(MeshyardError, match="shop/"):
        probe.foresee(cluster(api), source, Request(URL), NOW)


def test_the_container_is_the_named_one_else_the_default_else_the_first_that_is_no_proxy() -> None:
    several = pod("web", revision="1-32-0")
    several["spec"]["containers"] = [{"name": name} for name in ("istio-proxy", "app", "side")]
    several["spec"]["initContainers"] = [{"name": "native"}]
    assert probe_source.container(several) == "app"
    assert probe_source.container(several, "native") == "native"
    several["metadata"]["annotations"][probe_source.DEFAULT_CONTAINER] = "side"
    assert probe_source.container(several) == "side"
    with pytest.raises(MeshyardError, match="has no container nothing"):
        probe_source.container(several, "nothing")


def test_every_request_is_sent_once_over_as_many_lanes_as_asked_for(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []

    def send(_cluster: Any, _place: Place, _request: Request, count: int, _alive: Any) -> tuple[str, list[Any]]:
        counts.append(count)
        return "curl", [probe.Answer(200)] * count

    monkeypatch.setattr(probe_exec, "send", send)
    sent = probe.send(cluster(api), Source(namespace="shop", workload="web"), Request(URL, count=10, concurrency=4), NOW)
    assert (sorted(counts), len(sent.answers)) == ([2, 2, 3, 3], 10)


TEMPORARY = Source(namespace="shop", temporary=True, image="client:1", labels={"istio.io/rev": "1-32-0"})


def ready_at_once(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pods that are created become ready."""
    create = api.send

    def send(method: str, path: str, **further: Any) -> Any:
        if method == "POST":
            further["body"] = {**further["body"], "status": build.pod("x")["status"]}
        return create(method, path, **further)

    monkeypatch.setattr(api, "send", send)


def pods(api: FakeApi) -> list[str]:
    return [key for key in api.objects if "/meshyard-probe-" in key]


def test_a_temporary_pod_is_made_and_deleted_again(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    ready_at_once(api, monkeypatch)
    monkeypatch.setattr(probe_exec, "send", lambda *_unused: ("curl", [probe.Answer(200)]))
    sent = probe.send(cluster(api), TEMPORARY, Request(URL, count=1), NOW)
    assert sent.sender.place is not None
    assert sent.sender.place.container == "client"
    assert [action(step) for step in sent.sender.steps] == ["create", "delete"]
    assert pods(api) == []


@pytest.mark.parametrize("problem", [MeshyardError("no client", ""), Abandoned("told to end", ""), KeyboardInterrupt()])
def test_a_temporary_pod_is_deleted_whatever_happens(api: FakeApi, monkeypatch: pytest.MonkeyPatch, problem: BaseException) -> None:
    ready_at_once(api, monkeypatch)

    def fail(*_unused: Any) -> Any:
        assert len(pods(api)) == 1
        raise problem

    monkeypatch.setattr(probe_exec, "send", fail)
    with pytest.raises(type(problem)):
        probe.send(cluster(api), TEMPORARY, Request(URL, count=1), NOW)
    assert pods(api) == []


def test_a_temporary_pod_that_never_starts_is_deleted_too(api: FakeApi) -> None:
    with pytest.raises(TimedOut, match="temporary pod"):
        probe.send(cluster(api), TEMPORARY, Request(URL, count=1), NOW)
    assert pods(api) == []


def test_check_mode_predicts_the_pod_and_makes_none(api: FakeApi) -> None:
    sender = probe.foresee(cluster(api), TEMPORARY, Request(URL), NOW)
    assert [action(step) for step in sender.steps] == ["create", "delete"]
    assert (sender.place, api.sent) == (None, [])


def test_a_temporary_pod_is_unprivileged_without_a_token_and_ends_by_itself() -> None:
    body = probe_pod.manifest(TEMPORARY, 99)
    spec, confined = body["spec"], body["spec"]["containers"][0]["securityContext"]
    assert (spec["activeDeadlineSeconds"], spec["automountServiceAccountToken"], spec["restartPolicy"]) == (99, False, "Never")
    assert confined["runAsNonRoot"]
    assert confined["capabilities"] == {"drop": ["ALL"]}
    assert body["metadata"]["labels"] == {"istio.io/rev": "1-32-0", "meshyard.io/owner": "probe"}


def held(**holder: Any) -> dict[str, Any]:
    body = probe_pod.manifest(TEMPORARY, 3600)
    told = {**json.loads(body["metadata"]["annotations"][probe_pod.HOLDER]), **holder}
    body["metadata"]["annotations"][probe_pod.HOLDER] = json.dumps(told)
    return body


def finished(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "status": {"phase": "Failed"}}


GONE = 2**22 + 1  # more than any process number


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (held(), False),
        (held(process=GONE), True),
        (held(host="elsewhere", process=GONE), False),
        (held(host="elsewhere", process=GONE, ends=1.0), True),
        (held(ends="soon"), True),
        (finished(held()), True),
        ({"metadata": {"annotations": {}}}, True),
    ],
)
def test_a_pod_is_left_over_when_its_process_its_time_or_itself_is_at_an_end(body: dict[str, Any], left: bool) -> None:
    assert probe_pod.abandoned(body) is left


def test_what_a_killed_run_left_is_deleted_before_the_next_pod_is_made(api: FakeApi) -> None:
    dead, living = held(process=GONE), held(process=os.getpid())
    api.add("Pod", dead, living)
    probe_pod.sweep(cluster(api), "shop")
    assert [key.rpartition("/")[2] for key in pods(api)] == [living["metadata"]["name"]]
    assert "/api/v1/namespaces/shop/pods/web-old" in api.objects


def test_an_ephemeral_container_that_still_runs_is_used_again(api: FakeApi) -> None:
    source = Source(namespace="shop", pod="web-old", image="client:1")
    first = probe.foresee(cluster(api), source, Request(URL), NOW)
    (step,) = first.steps
    assert isinstance(step, Patch)
    added = step.patch["spec"]["ephemeralContainers"][0]
    seen = pod("web-old")
    seen["spec"]["ephemeralContainers"] = [added]
    seen["status"]["ephemeralContainerStatuses"] = [{"name": added["name"], "state": {"running": {}}}]
    api.add("Pod", seen)
    again = probe.foresee(cluster(api), source, Request(URL), NOW)
    assert (again.place, again.steps) == (Place("shop", "web-old", added["name"]), ())
    seen["status"]["ephemeralContainerStatuses"][0]["state"] = {"terminated": {}}
    api.add("Pod", seen)
    assert probe.foresee(cluster(api), source, Request(URL), NOW).steps
