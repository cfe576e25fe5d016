"""What is left of an operation is told only by a cluster that was read."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from tests.unit.plan.several import OLD, Cluster


def cluster() -> Cluster:
    found = Cluster(OLD)
    found.namespace("shop", {"istio.io/rev": OLD}, ["web"])
    return found


def refusal(changes: dict[str, Any], kind: str) -> MeshyardError:
    unread = cluster()
    unread.changes.update(changes)
    with pytest.raises(MeshyardError) as told:
        unread.plan(kind, from_revision=OLD)
    assert told.value.remedy
    return told.value


@pytest.mark.parametrize("kind", ["upgrade", "rollback", "retire"])
@pytest.mark.parametrize(
    ("option", "what"),
    [("namespaces", "namespaces"), ("pods", "pods"), ("mutating_webhooks", "MutatingWebhookConfigurations")],
)
def test_what_is_left_is_unknown_where_it_could_not_be_read(kind: str, option: str, what: str) -> None:
    told = refusal({option: None}, kind)
    assert told.problem == f"On cluster east the {what} could not be read, so that nobody can tell what is left to be moved."
    assert told.code == "forbidden"


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_workloads_that_could_not_be_read_are_not_taken_for_none(kind: str) -> None:
    workloads = {**cluster().evidence().workloads, kind: None}
    assert f"the {kind}s could not be read" in refusal({"workloads": workloads}, "upgrade").problem


@pytest.mark.parametrize("option", ["services", "validating_webhooks", "config"])
def test_what_does_not_decide_it_may_be_unread(option: str) -> None:
    unread = cluster()
    unread.changes[option] = None
    assert unread.plan(from_revision=OLD).left.pending
