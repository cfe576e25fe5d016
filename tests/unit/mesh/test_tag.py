"""Tags live in two objects, and every disagreement between them is told."""

from __future__ import annotations

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import tag
from tests.unit.mesh import build


def test_a_tag_in_webhook_and_service_points_to_its_revision() -> None:
    (found,) = tag.tags([build.injector("r1"), build.injector("r1", tag="prod")], [build.tag_service("prod", "r1")])
    assert (found.name, found.revision, found.claimed_by, found.conflict) == ("prod", "r1", ("r1",), None)


def test_a_tag_of_the_webhook_alone_is_whole() -> None:
    (found,) = tag.tags([build.injector("r1", tag="prod")], [])
    assert (found.revision, found.conflict) == ("r1", None)


def test_a_tag_moved_in_the_webhook_only_is_still_claimed_by_the_old_revision() -> None:
    (found,) = tag.tags([build.injector("r2", tag="prod")], [build.tag_service("prod", "r1")])
    assert found.revision == "r2"
    assert found.claimed_by == ("r1", "r2")
    assert found.conflict == (
        "Tag prod is claimed by more than one revision: MutatingWebhookConfiguration istio-revision-tag-prod says r2, "
        "Service istio-system/istiod-revision-tag-prod says r1."
    )


def test_a_tag_of_the_service_alone_injects_nobody() -> None:
    (found,) = tag.tags([], [build.tag_service("prod", "r1")])
    assert found.revision is None
    assert found.conflict
    assert "without a sidecar" in found.conflict


def test_webhooks_of_two_planes_for_one_tag_leave_no_revision() -> None:
    (found,) = tag.tags([build.injector("r1", tag="prod"), build.injector("r2", tag="prod", namespace="mesh2")], [])
    assert found.revision is None
    assert found.claimed_by == ("r1", "r2")


def test_a_label_value_resolves_by_tag_else_stands_for_itself() -> None:
    known = tag.tags([build.injector("r1", tag="prod")], [])
    assert tag.resolve("prod", known) == "r1"
    assert tag.resolve("r7", known) == "r7"


def test_the_tags_of_a_revision_are_all_that_it_claims() -> None:
    known = tag.tags([build.injector("r2", tag="prod"), build.injector("r2", tag="beta")], [build.tag_service("prod", "r1")])
    assert [one.name for one in tag.of_revision(known, "r1")] == ["prod"]
    assert [one.name for one in tag.of_revision(known, "r2")] == ["beta", "prod"]
