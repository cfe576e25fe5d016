"""Which changes of a cluster are told: each once, and nothing that calls for no playbook."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import release
from ansible_collections.meshyard.istio.plugins.module_utils._plan.events import changes
from ansible_collections.meshyard.istio.plugins.module_utils._plan.events.changes import (
    Expiring,
    IstiodEndpoints,
    Reachability,
    WaitingReleases,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def pod(address: str, revision: str = "1-32-0", *, ready: bool = True, ending: bool = False) -> dict[str, Any]:
    meta = {"labels": {"istio.io/rev": revision}, **({"deletionTimestamp": "2026-01-01T00:00:00Z"} if ending else {})}
    return {"metadata": meta, "status": {"podIP": address, "conditions": [{"type": "Ready", "status": str(ready)}]}}


def told(events: list[changes.Event]) -> list[tuple[str, list[str]]]:
    return [(event["revision"], event["addresses"]) for event in events]


def test_the_pods_of_istiod_are_told_once_and_again_when_they_are_others() -> None:
    known = IstiodEndpoints("eu")
    first = known.events([pod("10.0.0.1"), pod("10.0.0.2", ready=False)])
    assert first == [{"type": "istiod_endpoints_changed", "cluster": "eu", "revision": "1-32-0", "addresses": ["10.0.0.1"], "first": True}]
    assert known.events([pod("10.0.0.1"), pod("10.0.0.2", ending=True)]) == []
    after = known.events([pod("10.0.0.2"), pod("10.0.0.1", ending=True)])
    assert told(after) == [("1-32-0", ["10.0.0.2"])]
    assert not after[0]["first"]


def test_only_the_revision_whose_pods_changed_is_told() -> None:
    known = IstiodEndpoints("eu")
    known.events([pod("10.0.0.1", "1-31-0"), pod("10.0.0.2")])
    assert told(known.events([pod("10.0.0.1", "1-31-0"), pod("10.0.0.3")])) == [("1-32-0", ["10.0.0.3"])]


def test_an_istiod_without_ready_pods_is_told_when_it_is_back_elsewhere_and_not_when_it_is_where_it_was() -> None:
    known = IstiodEndpoints("eu")
    known.events([pod("10.0.0.1")])
    assert known.events([pod("10.0.0.1", ready=False)]) == []
    assert known.events([pod("10.0.0.1")]) == []
    assert known.events([]) == []
    assert told(known.events([pod("10.0.0.9")])) == [("1-32-0", ["10.0.0.9"])]


def deployment(image: str, **annotations: str) -> dict[str, Any]:
    marks = {release.ENABLED: "true", "deployment.kubernetes.io/revision": "1", **annotations}
    meta = {"namespace": "shop", "name": "web", "uid": "u1", "annotations": marks}
    return {"metadata": meta, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"image": image}]}}}}


def replica_set(image: str) -> dict[str, Any]:
    meta = {"annotations": {"deployment.kubernetes.io/revision": "1"}, "ownerReferences": [{"uid": "u1"}]}
    labels = {"app": "web", "pod-template-hash": "abc"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"image": image}]}}
    return {"metadata": meta, "spec": {"replicas": 2, "template": template}}


def test_a_template_that_waits_is_told_once_for_each_change() -> None:
    known, running = WaitingReleases("eu"), [replica_set("app:1")]
    assert known.events(deployment("app:1"), running) == []
    (event,) = known.events(deployment("app:2"), running)
    assert (event["type"], event["cluster"], event["namespace"], event["name"]) == ("release_waiting", "eu", "shop", "web")
    assert known.events(deployment("app:2"), running) == []
    assert len(known.events(deployment("app:3"), running)) == 1
    assert known.events(deployment("app:1"), running) == []
    assert len(known.events(deployment("app:3"), running)) == 1


def test_what_is_not_enabled_is_being_released_or_was_refused_is_not_told() -> None:
    known, running = WaitingReleases("eu"), [replica_set("app:1")]
    plain = deployment("app:2")
    del plain["metadata"]["annotations"][release.ENABLED]
    record = release.Record(phase="progressing", run="r", template="t", service="web").dump()
    refused = release.hash_of(release.template_of(deployment("app:2")))
    assert known.events(plain, running) == []
    assert known.events(deployment("app:2", **{release.RECORD: record}), running) == []
    assert known.events(deployment("app:2", **{release.REFUSED: refused}), running) == []


def test_a_record_that_cannot_be_read_is_told_once_and_fails_nothing() -> None:
    known, running = WaitingReleases("eu"), [replica_set("app:1")]
    broken = deployment("app:1", **{release.RECORD: "{"})
    assert [one["name"] for one in known.events(broken, running)] == ["web"]
    assert known.events(broken, running) == []


def secret(name: str, days: float) -> dict[str, Any]:
    made = (NOW - timedelta(days=days)).isoformat().replace("+00:00", "Z")
    return {"metadata": {"namespace": "istio-system", "name": name, "creationTimestamp": made}}


def test_an_old_token_is_told_once_and_its_successor_when_that_is_old() -> None:
    known = Expiring("us", certificate_days=30, token_days=90)
    (event,) = known.tokens([secret("young", 89), secret("old", 91)], NOW)
    assert event == {"type": "token_due", "cluster": "us", "namespace": "istio-system", "name": "old", "days": 91}
    assert known.tokens([secret("old", 91)], NOW) == []
    assert len(known.tokens([secret("old", 95)], NOW)) == 1


def test_the_certificate_that_signs_is_told_once_when_it_ends_within_the_days(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = {"cacerts": NOW + timedelta(days=29), "istio-ca-secret": NOW + timedelta(days=20)}
    monkeypatch.setattr(changes.secret_data, "text", lambda secret, _key: secret["metadata"]["name"])
    monkeypatch.setattr(changes, "expiry", ends.get)
    known = Expiring("eu", certificate_days=30, token_days=90)
    secrets = {name: secret(name, 0) for name in ends}
    (event,) = known.certificates(secrets, NOW)
    assert (event["type"], event["name"], event["days"]) == ("certificate_due", "cacerts", 29)
    assert known.certificates(secrets, NOW) == []
    del secrets["cacerts"]
    assert [one["name"] for one in known.certificates(secrets, NOW)] == ["istio-ca-secret"]


def test_a_cluster_that_does_not_answer_is_told_once_until_all_who_ask_it_are_answered() -> None:
    known = Reachability("eu")
    assert known.answered("pods") == []
    assert [one["type"] for one in known.failed("pods", "no answer")] == ["cluster_unreachable"]
    assert known.failed("deployments", "no answer") == known.failed("pods", "no answer") == []
    assert known.answered("pods") == []
    assert [one["type"] for one in known.answered("deployments")] == ["cluster_reachable"]


def test_pauses_grow_to_a_minute() -> None:
    assert [changes.pause(number) for number in (1, 2, 3, 6, 7, 60)] == [1, 2, 4, 32, 60, 60]
