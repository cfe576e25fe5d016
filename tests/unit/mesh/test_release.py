"""The record of a release, and the pod template that a Deployment rolled out last."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import release
from tests.unit.mesh import build

REVISION = "deployment.kubernetes.io/revision"


def deployment(**annotations: str) -> dict[str, Any]:
    return build.workload("web", uid="u1", annotations=annotations)


def replica_set(image: str, revision: str, replicas: int, owner: str = "u1") -> dict[str, Any]:
    found = build.workload(f"web-{image}", template_labels={"app": "web", "pod-template-hash": image}, spec={"replicas": replicas})
    found["metadata"] |= {"annotations": {REVISION: revision}, "ownerReferences": [{"kind": "Deployment", "name": "web", "uid": owner}]}
    found["spec"]["template"]["spec"]["containers"][0]["image"] = image
    return found


def running(revision: str, *replica_sets: dict[str, Any]) -> str | None:
    found = release.running_template(deployment(**{REVISION: revision}), replica_sets)
    if found is None:
        return None
    assert found["metadata"]["labels"] == {"app": "web"}
    image: str = found["spec"]["containers"][0]["image"]
    return image


def test_the_template_that_runs_is_that_of_the_deployments_own_revision() -> None:
    assert running("2", replica_set("a", "1", 0), replica_set("b", "2", 3)) == "b"
    assert running("2", replica_set("a", "1", 2), replica_set("b", "2", 1)) == "b"
    assert running("2", replica_set("a", "1", 0), replica_set("b", "2", 0)) == "b"


def test_an_older_template_that_waits_has_the_revision_and_no_pods() -> None:
    assert running("3", replica_set("a", "3", 0), replica_set("b", "2", 3), replica_set("c", "1", 1)) == "b"


def test_what_belongs_to_others_or_never_rolled_tells_nothing() -> None:
    assert running("1", replica_set("a", "1", 3, owner="u2")) is None
    assert running("1") is None


def test_an_open_release_is_an_obstacle_that_names_its_phase_and_who_began_it() -> None:
    record = release.Record(phase="returning", run="nightly", template="0" * 16, service="web")
    found = release.obstacle(deployment(**{release.RECORD: record.dump()}))
    assert found == "A release of Deployment shop/web is open, in the phase returning: the run nightly began it."
    assert release.obstacle(deployment()) is None
    with pytest.raises(MeshyardError, match="is not a record of a release"):
        release.obstacle(deployment(**{release.RECORD: "{}"}))


@pytest.mark.parametrize(
    "spoilt", [{"service": None}, {"weight": True}, {"restore": []}, {"verdicts": [1]}, {"verdicts": {}}, {"begun": 5}]
)
def test_a_record_with_a_field_of_another_type_is_none(spoilt: dict[str, Any]) -> None:
    whole = json.loads(release.Record(phase="prepared", run="nightly", template="0" * 16, service="web").dump())
    assert release.of(deployment(**{release.RECORD: json.dumps(whole)})) is not None
    with pytest.raises(MeshyardError, match="is not a record of a release"):
        release.of(deployment(**{release.RECORD: json.dumps({**whole, **spoilt})}))
