"""Names of revisions and tags, and of the objects that follow from them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import revision


@pytest.mark.parametrize(
    ("version", "name"),
    [("1.32.0", "1-32-0"), ("1.32.0-rc.1", "1-32-0-rc-1"), ("v1.30.3", "1-30-3"), ("1.32.0+Build_7", "1-32-0-build-7")],
)
def test_a_version_gives_its_default_revision(version: str, name: str) -> None:
    assert revision.revision_name(version) == name


@given(st.from_regex(r"[0-9]{1,2}\.[0-9]{1,3}\.[0-9]{1,3}(-(alpha|beta|rc)\.[0-9])?", fullmatch=True))
def test_the_default_revision_of_every_version_is_a_possible_name(version: str) -> None:
    revision.check_revision(revision.revision_name(version))


@pytest.mark.parametrize("name", ["", "1.32.0", "-a", "a-", "A", "a_b", "a b", "x" * 50])
def test_an_impossible_revision_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(MeshyardError) as caught:
        revision.check_revision(name)
    assert caught.value.problem.endswith(".")
    assert caught.value.remedy


def test_the_longest_revision_still_gives_service_names_of_63_characters() -> None:
    name = "x" * revision.LONGEST_REVISION
    revision.check_revision(name)
    assert len(f"{revision.Names(name).istiod}-remote") == 63


def test_the_longest_tag_still_gives_a_service_name_of_63_characters() -> None:
    name = "x" * revision.LONGEST_TAG
    revision.check_tag(name)
    assert len(revision.Names("r").tag_service(name)) == 63


def test_a_tag_may_not_have_the_name_of_a_revision_except_default() -> None:
    with pytest.raises(MeshyardError, match="name of a revision"):
        revision.check_tag("1-32-0", ["1-32-0"])
    revision.check_tag("default", ["default"])


def test_the_objects_of_a_revision_are_called_as_the_chart_calls_them() -> None:
    names = revision.Names("1-32-0")
    assert names.istiod == "istiod-1-32-0"
    assert names.mesh_config == "istio-1-32-0"
    assert names.injector == "istio-sidecar-injector-1-32-0"
    assert names.values == "values-1-32-0"
    assert names.mutating_webhook == "istio-sidecar-injector-1-32-0"
    assert names.validating_webhook == "istio-validator-1-32-0-istio-system"
    assert names.cluster_roles[0] == "istiod-clusterrole-1-32-0-istio-system"
    assert names.tag_webhook("prod") == "istio-revision-tag-prod"
    assert names.tag_service("prod") == "istiod-revision-tag-prod"


@pytest.mark.parametrize("name", ["", "default"])
def test_the_unrevisioned_plane_has_names_without_suffix(name: str) -> None:
    names = revision.Names(name)
    assert (names.istiod, names.mesh_config, names.values) == ("istiod", "istio", "values")
    assert names.mutating_webhook == "istio-sidecar-injector"
    assert names.validating_webhook == "istio-validator-istio-system"
    assert names.cluster_roles[2] == "istio-reader-clusterrole-istio-system"


def test_outside_istio_system_webhooks_carry_the_namespace() -> None:
    names = revision.Names("r1", "mesh2")
    assert names.mutating_webhook == "istio-sidecar-injector-r1-mesh2"
    assert names.tag_webhook("prod") == "istio-revision-tag-prod-mesh2"
    assert names.validating_webhook == "istio-validator-r1-mesh2"
    assert revision.Names("default", "mesh2").mutating_webhook == "istio-sidecar-injector-mesh2"


def test_every_name_follows_the_rules_of_kubernetes() -> None:
    names = revision.Names("1-32-0", "mesh2")
    for name in (names.istiod, names.mesh_config, names.injector, names.values, names.mutating_webhook, *names.cluster_roles):
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name)
