"""From which revision to which an upgrade leads: as asked, as recorded, or as the cluster shows."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade import route
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade.record import Intent, Record
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade.route import Asked, Situation
from tests.unit.mesh import build

VERSIONS = {"1-30-3": "1.30.3", "1-31-0": "1.31.0", "1-32-0": "1.32.0", "blue": "1.32.0"}
RECORD = Record(Intent("1-31-0", "blue", "1.31.0", "1.32.0"), "ops on build-7", "2026-01-01T10:00:00Z", "u1")


def situation(*revisions: str, record: Record | None = None) -> Situation:
    webhooks = [build.injector(name) for name in revisions]
    planes = build.planes(*(build.istiod(name, tag=VERSIONS[name]) for name in revisions), webhooks=webhooks)
    return Situation("east", build.SYSTEM, planes, record)


def test_the_revision_follows_from_the_version_and_the_source_is_the_only_other_plane() -> None:
    found = route.forward(Asked(version="1.32.0"), situation("1-31-0"))
    assert (found.from_revision, found.from_version) == ("1-31-0", "1.31.0")
    assert (found.to_revision, found.to_version) == ("1-32-0", "1.32.0")
    assert found.old is not None
    assert found.new is None


def test_an_upgrade_that_has_begun_is_resumed_without_naming_anything() -> None:
    found = route.forward(Asked(), situation("1-30-3", "1-31-0", "blue", record=RECORD))
    assert (found.from_revision, found.to_revision, found.to_version) == ("1-31-0", "blue", "1.32.0")


def test_the_record_outlives_the_plane_that_was_left() -> None:
    found = route.forward(Asked(version="1.32.0"), situation("blue", record=RECORD))
    assert (found.from_revision, found.from_version, found.old) == ("1-31-0", "1.31.0", None)


def test_several_planes_and_none_named_are_listed() -> None:
    with pytest.raises(MeshyardError, match=r"1-30-3 \(1.30.3\), 1-31-0 \(1.31.0\)") as refused:
        route.forward(Asked(version="1.32.0"), situation("1-30-3", "1-31-0"))
    assert "from_revision" in refused.value.remedy
    assert route.forward(Asked("1-31-0", version="1.32.0"), situation("1-30-3", "1-31-0")).from_revision == "1-31-0"


def test_an_empty_cluster_has_nothing_to_leave() -> None:
    found = route.forward(Asked(version="1.32.0"), situation())
    assert (found.from_revision, found.old, found.new) == ("", None, None)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked(), "version to upgrade to is not given"),
        (Asked(version="1.32"), "not a version"),
        (Asked("1-29-0", version="1.32.0"), "no control plane of revision 1-29-0"),
        (Asked("1-31-0", "1-31-0", "1.32.0"), "upgraded to itself"),
        (Asked(revision="UP", version="1.32.0"), "not a DNS label"),
    ],
)
def test_what_makes_no_sense_is_refused(asked: Asked, told: str) -> None:
    with pytest.raises(MeshyardError, match=told):
        route.forward(asked, situation("1-31-0"))


@pytest.mark.parametrize("asked", [Asked(version="1.33.0"), Asked("1-30-3", version="1.32.0"), Asked(revision="1-32-0", version="1.32.0")])
def test_another_open_upgrade_is_named_with_its_time_and_its_way_out(asked: Asked) -> None:
    with pytest.raises(MeshyardError, match=r"from 1-31-0 to blue is open since 2026-01-01T10:00:00Z, begun by ops on build-7") as refused:
        route.forward(asked, situation("1-30-3", "1-31-0", record=RECORD))
    assert "rollback.yml" in refused.value.remedy


def test_planes_of_another_namespace_are_not_meant() -> None:
    planes = build.planes(build.istiod("1-31-0"), build.istiod("1-30-3", "other"))
    assert route.forward(Asked(version="1.32.0"), Situation("east", build.SYSTEM, planes)).from_revision == "1-31-0"


def test_without_an_open_upgrade_nothing_ends() -> None:
    found = route.backward(Asked(), situation("1-31-0", "1-32-0"), ())
    assert (found.from_revision, found.to_revision) == ("", "")


def test_a_mistyped_source_is_refused_with_those_there_are_though_the_target_is_there() -> None:
    with pytest.raises(MeshyardError, match="no control plane of revision gone") as refused:
        route.forward(Asked("gone", version="1.32.0"), situation("1-31-0", "1-32-0"))
    assert "1-31-0, 1-32-0" in refused.value.remedy


def test_a_named_source_that_an_earlier_run_retired_is_nothing_to_leave() -> None:
    found = route.forward(Asked("1-31-0", version="1.32.0"), situation("1-32-0"))
    assert (found.from_revision, found.to_revision, found.old) == ("", "1-32-0", None)


def test_in_place_the_only_revision_gets_the_version_and_stays() -> None:
    found = route.in_place(Asked(version="1.31.1"), situation("1-31-0"))
    assert found.in_place
    assert (found.from_revision, found.to_revision) == ("1-31-0", "1-31-0")
    assert (found.from_version, found.to_version) == ("1.31.0", "1.31.1")


@pytest.mark.parametrize(
    ("asked", "revisions", "record", "told"),
    [
        (Asked(), ("1-31-0",), None, "version to upgrade to is not given"),
        (Asked(version="1.31.1"), ("1-31-0", "1-32-0"), None, "1-31-0 .*, 1-32-0"),
        (Asked(revision="1-30-3", version="1.31.1"), ("1-31-0",), None, "no control plane of revision 1-30-3"),
        (Asked(version="1.32.1"), ("1-31-0",), RECORD, "upgrade"),
    ],
)
def test_in_place_is_refused(asked: Asked, revisions: tuple[str, ...], record: Record | None, told: str) -> None:
    with pytest.raises(MeshyardError, match=told):
        route.in_place(asked, situation(*revisions, record=record))
