"""Looking at the gate again and again: what is asked, what is kept, and when it is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connect import Cluster
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.errors import ApiError
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.wait import Pending, Ready
from ansible_collections.meshyard.istio.plugins.module_utils._errors import Abandoned, MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels, syncz
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate import model
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.metrics import Limits, Sample
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.traffic import Answer
from ansible_collections.meshyard.istio.plugins.module_utils._run.dataplane import read as dataplane
from ansible_collections.meshyard.istio.plugins.module_utils._run.gate.gate import Gate, GateRequest, parse_namespaces
from ansible_collections.meshyard.istio.plugins.module_utils._run.gate.probes import Probe
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe import send as probe
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe.exec import NoClient, Place, Request
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe.send import Sender, Sent
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe.source import Source, WaitPolicy
from ansible_collections.meshyard.istio.plugins.module_utils._run.survey import proxies
from tests.unit.plan.world import NEW, OLD, World, mesh
from tests.unit.run.fake import FakeApi, cluster, fail

SHOP = Probe("shop", Source(namespace="front", workload="web"), Request("http://cart.shop/", count=2))
ERRORS = Limits("errors", "query", high=0.1)
REFUSED = ApiError("central", "list", "pods", 403, "Forbidden", "no permission")


class GateInputs:
    """A cluster, its istiods, its probes and its Prometheus, as a test sets them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = World(mesh(tags={"prod": NEW}), {labels.REV: NEW})
        self.world.add("web")
        self.connections: Callable[[], syncz.Connections] = self.all_connected
        self.problem: MeshyardError | None = None
        self.answers: list[Any] = [[200, 200]]
        self.samples: list[Sample] = [Sample((0.0,))]
        self.asked: list[str] = []
        self.now = 0.0
        monkeypatch.setattr(dataplane, "mesh", lambda *_unused: self.read("mesh", lambda: self.world.mesh))
        monkeypatch.setattr(dataplane, "namespaces", lambda *_unused: self.read("namespaces", lambda: [self.world.namespace_state()]))
        monkeypatch.setattr(dataplane, "pods", lambda *_unused: self.read("pods", lambda: self.world.namespace_state().pods))
        monkeypatch.setattr(proxies, "istiods", lambda *_unused: [])
        monkeypatch.setattr(proxies, "connections", lambda *_unused: self.connections())
        monkeypatch.setattr(probe, "send", self.send)
        monkeypatch.setattr(probe, "foresee", lambda *_unused: Sender(Place("front", "web-1", "app"), NEW))

    def read(self, what: str, give: Callable[[], Any]) -> Any:
        self.asked.append(what)
        if self.problem:
            fail(self.problem)
        return give()

    def all_connected(self) -> syncz.Connections:
        pods = [pod["metadata"] for pods in self.world.pods.values() for pod in pods]
        resources = {"t": {"sent": "1", "acked": "1"}}
        entries = [{"proxy": f"{pod['name']}.shop", "istio_version": "1.32.0", "resources": resources} for pod in pods]
        return syncz.merge(syncz.parse(entries, NEW, "istiod"))

    def none_answers(self) -> syncz.Connections:
        return syncz.merge([], [syncz.Silent(NEW, "istiod-a", "timed out")])

    def send(self, *_unused: Any) -> Sent:
        self.asked.append("probe")
        given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(given, MeshyardError):
            fail(given)
        answers = tuple(Answer(status, 0.01, "X-Responder: web-0\n") for status in given)
        return Sent(Sender(Place("front", "web-1", "app"), OLD), "curl", answers)

    def sample(self, _query: str) -> Sample:
        self.asked.append("metric")
        return self.samples.pop(0) if len(self.samples) > 1 else self.samples[0]

    def gate(self, *, wait: float = 60, hold: float = 10, **further: Any) -> Gate:
        request = GateRequest(("shop",), further.pop("revision", NEW), hold=hold, sample=self.sample, **further)
        fake: Cluster = cluster(FakeApi())
        return Gate(fake, request, WaitPolicy(wait, lambda _line: None, lambda: None), lambda: self.now)


@pytest.fixture
def inputs(monkeypatch: pytest.MonkeyPatch) -> GateInputs:
    return GateInputs(monkeypatch)


def words(gate: Gate) -> dict[str, str]:
    return {check.check: check.verdict for check in gate.checks}


def break_pods(inputs: GateInputs) -> None:
    for pod in inputs.world.pods["Deployment", "web"]:
        pod["metadata"]["annotations"][labels.REV] = OLD


def test_all_checks_pass_in_one_look(inputs: GateInputs) -> None:
    gate = inputs.gate(probes=(SHOP,), metrics=(ERRORS,))
    assert gate.look() == Ready(None)
    assert words(gate) == dict.fromkeys(("pods", "proxies", "probe", "metric"), "passed")
    assert gate.pairs == {"old-old": 0, "old-new": 2, "new-old": 0, "new-new": 0, "other": 0}


def test_a_tag_is_judged_as_the_revision_it_points_to(inputs: GateInputs) -> None:
    gate = inputs.gate(revision="prod")
    assert gate.look() == Ready(None)
    assert "on 1-32-0" in gate.checks[0].detail


def test_probes_and_metrics_wait_for_the_pods(inputs: GateInputs) -> None:
    break_pods(inputs)
    gate = inputs.gate(probes=(SHOP,), metrics=(ERRORS,))
    pending = gate.look()
    assert isinstance(pending, Pending)
    assert pending.what.startswith("pods: 0 of 2 pods are on 1-32-0")
    assert words(gate) == {"pods": "failed", "proxies": "failed", "probe": "inconclusive", "metric": "inconclusive"}
    assert not {"probe", "metric"} & set(inputs.asked)


def test_what_is_wrong_at_the_end_of_the_time_has_failed(inputs: GateInputs) -> None:
    break_pods(inputs)
    gate = inputs.gate(wait=60)
    for now, over in ((0.0, False), (59.9, False), (60.0, True)):
        inputs.now = now
        assert isinstance(gate.look(), Ready) is over
    assert model.overall(gate.checks) == "failed"


def test_what_cannot_be_looked_at_is_held_for_its_own_time(inputs: GateInputs) -> None:
    inputs.connections = inputs.none_answers
    gate = inputs.gate(wait=5, hold=10)
    for now, over in ((1.0, False), (10.9, False), (11.0, True)):
        inputs.now = now
        assert isinstance(gate.look(), Ready) is over
    assert model.overall(gate.checks) == "inconclusive"


def test_the_time_of_holding_begins_anew_when_something_could_be_looked_at(inputs: GateInputs) -> None:
    gate = inputs.gate(wait=100, hold=10, metrics=(ERRORS,))
    inputs.samples = [Sample(), Sample((5.0,)), Sample()]
    for now in (0.0, 8.0, 12.0):
        inputs.now = now
        assert isinstance(gate.look(), Pending)


@pytest.mark.parametrize("check", [True, False])
def test_in_check_mode_it_looks_once_and_sends_nothing(inputs: GateInputs, check: bool) -> None:
    gate = inputs.gate(probes=(SHOP,), metrics=(ERRORS,), check=check)
    assert gate.look() == Ready(None)
    assert ("probe" in inputs.asked) is not check
    assert model.overall(gate.checks) == ("predicted" if check else "passed")


def test_in_check_mode_pods_that_are_not_moved_yet_are_predicted(inputs: GateInputs) -> None:
    break_pods(inputs)
    gate = inputs.gate(check=True)
    assert (gate.look(), set(words(gate).values())) == (Ready(None), {"predicted"})


def test_a_revision_that_does_not_exist_is_refused_at_once_and_supposed_to_come_in_check_mode(inputs: GateInputs) -> None:
    with pytest.raises(MeshyardError, match=r"no revision or tag 1-99-0 .*that are there: 1-31-0, 1-32-0") as refused:
        inputs.gate(revision="1-99-0", wait=60, probes=(SHOP,)).look()
    assert (refused.value.code, refused.value.verdict, "probe" in inputs.asked) == ("revision_missing", "error", False)
    gate = inputs.gate(revision="1-99-0", check=True, wait=0, probes=(SHOP,))
    assert (gate.look(), model.overall(gate.checks)) == (Ready(None), "predicted")


def test_pods_that_may_not_be_read_are_inconclusive(inputs: GateInputs) -> None:
    inputs.problem = REFUSED
    gate = inputs.gate(wait=0, hold=0, probes=(SHOP,))
    assert gate.look() == Ready(None)
    assert words(gate) == {"pods": "inconclusive", "probe": "inconclusive"}
    assert "no permission" in gate.checks[0].detail


def test_a_run_that_is_abandoned_ends_and_does_not_count_as_unreadable(inputs: GateInputs) -> None:
    inputs.problem = Abandoned("The run was told to end.", "")
    with pytest.raises(Abandoned):
        inputs.gate().look()
    inputs.problem, inputs.answers = None, [Abandoned("The run was told to end.", "")]
    with pytest.raises(Abandoned):
        inputs.gate(probes=(SHOP,)).look()


def test_a_failed_probe_is_sent_again_until_it_succeeds(inputs: GateInputs) -> None:
    inputs.answers = [[503, 200], [200, 200]]
    gate = inputs.gate(probes=(SHOP,))
    assert isinstance(gate.look(), Pending)
    assert words(gate)["probe"] == "failed"
    assert gate.look() == Ready(None)
    assert [check.facts["attempts"] for check in gate.checks if check.check == "probe"] == [2]


def test_what_passed_is_not_sent_or_asked_again_while_others_are_waited_for(inputs: GateInputs) -> None:
    inputs.samples = [Sample(), Sample((0.0,))]
    gate = inputs.gate(probes=(SHOP,), metrics=(ERRORS,))
    assert isinstance(gate.look(), Pending)
    assert gate.look() == Ready(None)
    assert (inputs.asked.count("probe"), inputs.asked.count("metric")) == (1, 2)
    assert gate.pairs["old-new"] == 2


def test_a_probe_that_cannot_be_sent_is_inconclusive_and_tried_again(inputs: GateInputs) -> None:
    inputs.answers = [MeshyardError("Workload front/web has no ready pod.", ""), [200]]
    gate = inputs.gate(probes=(SHOP,))
    assert isinstance(gate.look(), Pending)
    assert words(gate)["probe"] == "inconclusive"
    assert gate.look() == Ready(None)


def test_a_container_without_a_client_is_not_waited_for(inputs: GateInputs) -> None:
    inputs.answers = [NoClient("The container has no HTTP client.", "")]
    gate = inputs.gate(probes=(SHOP,))
    assert gate.look() == Ready(None)
    assert words(gate)["probe"] == "inconclusive"


def test_probes_are_sent_even_if_no_istiod_answers(inputs: GateInputs) -> None:
    inputs.connections = inputs.none_answers
    inputs.answers = [[503]]
    gate = inputs.gate(probes=(SHOP,))
    gate.look()
    assert words(gate) == {"pods": "passed", "proxies": "inconclusive", "probe": "failed"}


def test_once_the_pods_are_right_only_pods_are_read_again(inputs: GateInputs) -> None:
    inputs.samples = [Sample()]
    gate = inputs.gate(metrics=(ERRORS,))
    gate.look()
    inputs.asked.clear()
    gate.look()
    assert "namespaces" not in inputs.asked
    break_pods(inputs)
    gate.look()
    assert words(gate)["pods"] == "failed"
    inputs.asked.clear()
    gate.look()
    assert "namespaces" in inputs.asked


def test_no_namespace_is_refused_and_each_counts_once() -> None:
    with pytest.raises(MeshyardError, match="no namespace"):
        parse_namespaces([], traffic=False)
    assert (parse_namespaces([], traffic=True), parse_namespaces(["b", "a", "b"], traffic=False)) == ((), ("b", "a"))
