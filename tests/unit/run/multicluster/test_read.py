"""What a probe by a pod of another cluster comes to."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import Abandoned, MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.traffic import Answer
from ansible_collections.meshyard.istio.plugins.module_utils._plan.multicluster.model import Probe
from ansible_collections.meshyard.istio.plugins.module_utils._run.multicluster import read as multicluster
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe.exec import Request
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe.send import Sender, Sent
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe.source import Source, WaitPolicy


class Asked:
    """Stands for the sending, and keeps what was to be sent."""

    def __init__(self, *answers: Answer, error: MeshyardError | None = None) -> None:
        self.answers, self.error = answers, error

    def __call__(self, _cluster: Any, source: Source, request: Request, _patience: WaitPolicy) -> Sent:
        self.source, self.request = source, request
        if self.error:
            raise self.error
        return Sent(Sender(), "curl", self.answers)


def ask(monkeypatch: pytest.MonkeyPatch, asked: Asked) -> Probe:
    monkeypatch.setattr(multicluster.probe, "send", asked)
    cluster: Any = object()
    return multicluster.ask(cluster, "istio-system", "client:1", "https://us:6443/", WaitPolicy(1, lambda _line: None, lambda: None))


def test_any_answer_at_all_shows_that_the_server_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(Answer(None, error="timed out"), Answer(401))
    assert ask(monkeypatch, asked) == Probe(True)
    assert (asked.request.url, asked.request.tls_verify) == ("https://us:6443/version", False)
    assert (asked.source.temporary, asked.source.namespace) == (True, "istio-system")
    assert asked.source.labels == {"sidecar.istio.io/inject": "false"}


def test_no_answer_shows_that_it_is_not_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, Asked(Answer(None, error="timed out"))) == Probe(False, "timed out")


def test_a_pod_that_cannot_ask_shows_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, Asked(error=MeshyardError("The image cannot be pulled."))) == Probe(None, "The image cannot be pulled.")


def test_an_abandoned_run_ends_instead_of_being_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Abandoned):
        ask(monkeypatch, Asked(error=Abandoned("The run is gone.")))
