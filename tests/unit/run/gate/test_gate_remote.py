"""The gate of a remote cluster: its proxies are asked for at the primary's istiods, and only its own count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connect import Cluster
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.errors import Unreachable
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import syncz
from ansible_collections.meshyard.istio.plugins.module_utils._run.gate.gate import Gate, GateRequest
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe.source import WaitPolicy
from ansible_collections.meshyard.istio.plugins.module_utils._run.remote.primary import Primary
from ansible_collections.meshyard.istio.plugins.module_utils._run.survey import proxies
from tests.unit.mesh import build
from tests.unit.plan.world import NEW
from tests.unit.run.fake import FakeApi, cluster
from tests.unit.run.gate.test_gate import GateInputs


class Remote:
    """A remote cluster with pods on the new revision, and the primary with its istiod.

    :ivar at: by cluster ID, whether the proxies of pods of these names are in sync there.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inputs = GateInputs(monkeypatch)
        here = self.inputs.world.mesh
        self.inputs.world.mesh = replace(here, planes=tuple(replace(plane, location="remote") for plane in here.planes))
        self.at: dict[str, bool] = {"us": True}
        self.asked: list[str] = []
        monkeypatch.setattr(proxies, "connections", self.connections)
        api = FakeApi()
        api.add("Deployment", build.istiod(NEW))
        self.primary = cluster(api)
        self.primary.name = "eu"

    def connections(self, asked: Cluster, *_unused: Any) -> syncz.Connections:
        self.asked.append(asked.name)
        names = [pod["metadata"]["name"] for pods in self.inputs.world.pods.values() for pod in pods]
        entries = [
            {"proxy": f"{name}.shop", "cluster_id": place, "resources": {"t": {"sent": "1", "acked": "1" if synced else ""}}}
            for name in names
            for place, synced in self.at.items()
        ]
        return syncz.merge(syncz.parse(entries, NEW, "istiod-a"))

    def verdict(self, connect: Callable[[], Cluster] | None = None, *, primary: bool = True, name: str = "") -> tuple[str, str]:
        asked = Primary("us", connect or (lambda: self.primary)) if primary else None
        patience = WaitPolicy(0, lambda _line: None, lambda: None)
        gate = Gate(cluster(FakeApi()), GateRequest(("shop",), NEW, cluster_name=name), patience, primary=asked)
        gate.look()
        return gate.checks[1].verdict, gate.checks[1].detail


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> Remote:
    return Remote(monkeypatch)


def test_the_primary_is_asked_and_pods_of_the_same_name_in_other_clusters_are_not_mixed_up(remote: Remote) -> None:
    remote.at = {"asia": False, "us": True}
    assert remote.verdict()[0] == "passed"
    remote.at = {"asia": True, "us": False}
    assert remote.verdict()[0] == "failed"
    remote.at = {"asia": True}
    assert remote.verdict()[0] == "failed"
    assert set(remote.asked) == {"eu"}


def test_a_primary_that_does_not_answer_or_has_no_such_revision_leaves_the_gate_inconclusive(remote: Remote) -> None:
    def lost() -> Cluster:
        raise Unreachable("The API server of cluster eu gave no answer: refused.")

    assert remote.verdict(lost) == ("inconclusive", "The API server of cluster eu gave no answer: refused")
    remote.primary = cluster(FakeApi())
    verdict, detail = remote.verdict()
    assert (verdict, "has no istiod of revision 1-32-0" in detail) == ("inconclusive", True)


def test_a_primary_that_answers_again_is_asked_in_the_next_look(remote: Remote) -> None:
    answers: list[Any] = [Unreachable("gone."), remote.primary]

    def connect() -> Cluster:
        found = answers.pop(0)
        if isinstance(found, Cluster):
            return found
        raise found

    primary = Primary("us", connect)
    gate = Gate(cluster(FakeApi()), GateRequest(("shop",), NEW, hold=60), WaitPolicy(60, lambda _line: None, lambda: None), primary=primary)
    verdicts = []
    for _turn in range(3):
        gate.look()
        verdicts.append(gate.checks[1].verdict)
    assert (verdicts, answers) == (["inconclusive", "passed", "passed"], [])


def test_a_cluster_with_an_istiod_of_its_own_asks_that_and_counts_its_own_proxies(remote: Remote) -> None:
    here = remote.inputs.world.mesh
    remote.inputs.world.mesh = replace(here, planes=tuple(replace(plane, location="cluster") for plane in here.planes))
    remote.at = {"asia": True, "us": False}
    assert remote.verdict(name="us")[0] == "failed"
    remote.at = {"asia": False, "us": True}
    assert remote.verdict(name="us")[0] == "passed"
    assert "eu" not in remote.asked
