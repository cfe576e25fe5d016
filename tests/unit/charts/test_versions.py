"""Which versions are supported, and which steps between them are allowed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._charts import versions
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError

NUMBERS = st.integers(0, 40)
VERSIONS = st.builds(versions.Version, st.just(1), NUMBERS, NUMBERS, st.sampled_from(["", "rc.1", "rc.2", "alpha.0", "beta.11"]))


def version(text: str) -> versions.Version:
    return versions.parse(text)


@given(VERSIONS)
def test_a_version_is_read_back_as_it_is_written(one: versions.Version) -> None:
    assert version(str(one)) == one


@pytest.mark.parametrize(("text", "shown"), [("1.32.0", "1.32.0"), ("v1.34.1+k3s1", "1.34.1"), (" 1.32.0-rc.1 ", "1.32.0-rc.1")])
def test_usual_ways_of_writing_a_version_are_understood(text: str, shown: str) -> None:
    assert str(version(text)) == shown


@pytest.mark.parametrize("text", ["", "1.32", "latest", "1.32.x", "1.32.0.1", "1-32-0"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(MeshyardError, match=r"such as 1\.32\.0"):
        version(text)


def test_versions_are_ordered_and_pre_releases_come_first() -> None:
    ordered = [
        "1.9.10",
        "1.31.0",
        "1.32.0-7",
        "1.32.0-10",
        "1.32.0-alpha.0",
        "1.32.0-beta.2",
        "1.32.0-beta.11",
        "1.32.0-rc.1",
        "1.32.0",
        "1.32.1",
    ]
    assert sorted(map(version, reversed(ordered))) == [version(text) for text in ordered]


@given(VERSIONS, VERSIONS)
def test_of_two_versions_exactly_one_relation_holds(one: versions.Version, two: versions.Version) -> None:
    assert [one < two, one == two, one > two].count(True) == 1


@pytest.mark.parametrize("text", ["1.28.0", "1.29.2", "1.30.3", "1.31.0", "1.32.0", "1.32.0-rc.1"])
def test_versions_in_the_table_are_supported(text: str) -> None:
    versions.check_supported(version(text))


@pytest.mark.parametrize("text", ["1.27.9", "1.33.0", "2.31.0"])
def test_any_other_version_is_refused_with_what_is_supported_and_the_override(text: str) -> None:
    with pytest.raises(MeshyardError) as caught:
        versions.check_supported(version(text))
    assert f"Istio {text} is not supported" in caught.value.problem
    assert "1.32 (Kubernetes 1.32 and later" in caught.value.remedy
    assert versions.OVERRIDE in caught.value.remedy


@pytest.mark.parametrize(
    ("istio", "lowest"), [("1.28.0", "1.30.0"), ("1.29.0", "1.30.0"), ("1.30.0", "1.32.0"), ("1.31.0", "1.32.0"), ("1.32.0", "1.32.0")]
)
def test_a_cluster_older_than_istios_code_accepts_is_refused(istio: str, lowest: str) -> None:
    assert versions.check_kubernetes(version(istio), version(lowest)) is None
    older = versions.Version(1, version(lowest).minor - 1, 9)
    with pytest.raises(MeshyardError, match=f"needs Kubernetes {version(lowest).line} or later"):
        versions.check_kubernetes(version(istio), older)


def test_a_cluster_newer_than_any_seen_gives_a_warning() -> None:
    warning = versions.check_kubernetes(version("1.29.0"), version("1.36.3"))
    assert warning == "Istio 1.29 was not seen on Kubernetes 1.36 yet; 1.35 is the newest it was."
    assert versions.check_kubernetes(version("1.32.0"), version("1.36.3")) is None


def test_a_version_that_is_not_in_the_table_is_not_judged_by_kubernetes() -> None:
    assert versions.check_kubernetes(version("1.99.0"), version("1.20.0")) is None


@pytest.mark.parametrize(
    ("old", "new", "in_place", "allowed"),
    [
        ("1.31.0", "1.31.0", False, True),
        ("1.31.0", "1.31.1", True, True),
        ("1.31.0", "1.32.0", False, True),
        ("1.30.0", "1.32.0", False, True),
        ("1.29.0", "1.32.0", False, False),
        ("1.31.0", "1.32.0", True, True),
        ("1.30.0", "1.32.0", True, False),
        ("1.32.0", "1.31.0", False, False),
        ("1.32.1", "1.32.0", False, False),
        ("1.32.0", "1.32.0-rc.1", True, False),
        ("1.32.0", "2.32.0", False, False),
    ],
)
def test_steps_are_allowed_as_istio_allows_them(old: str, new: str, in_place: bool, allowed: bool) -> None:
    if allowed:
        versions.check_step(version(old), version(new), in_place=in_place)
        return
    with pytest.raises(MeshyardError) as caught:
        versions.check_step(version(old), version(new), in_place=in_place)
    assert old in caught.value.problem
    assert new in caught.value.problem
    assert versions.OVERRIDE in caught.value.remedy


@pytest.mark.parametrize(
    ("in_place", "way", "first"), [(True, "in place by one minor", "1.30"), (False, "by canary over two minor", "1.31")]
)
def test_a_step_too_far_is_told_with_the_step_before_it(in_place: bool, way: str, first: str) -> None:
    with pytest.raises(MeshyardError, match=way) as caught:
        versions.check_step(version("1.29.0"), version("1.32.0"), in_place=in_place)
    assert caught.value.remedy.startswith(f"Upgrade to a {first} first")


def test_a_rollback_may_go_down() -> None:
    versions.check_step(version("1.32.0"), version("1.30.0"), rollback=True)


def test_a_rollback_in_place_goes_down_by_one_minor_at_most() -> None:
    versions.check_step(version("1.32.0"), version("1.31.4"), in_place=True, rollback=True)
    with pytest.raises(MeshyardError, match="older"):
        versions.check_step(version("1.32.0"), version("1.30.9"), in_place=True, rollback=True)
