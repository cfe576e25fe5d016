"""Names of what a release adds."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import InvalidOption
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import host
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release.target import Target, refuse_long_names


def target(name: str, service: str = "cart") -> Target:
    return Target("shop", name, host.Service("shop", service))


def test_the_longest_names_that_are_taken_fit_where_they_are_written() -> None:
    longest = target("a" * 52, "b" * 56)
    refuse_long_names(longest)
    assert len(longest.record_annotation.partition("/")[2]) == 63
    assert len(longest.canary_service.name) == 63
    assert len(longest.owner) <= 63


@pytest.mark.parametrize(
    ("name", "service", "said"), [("a" * 53, "cart", "has room for 52"), ("cart", "b" * 57, "more than 63 characters")]
)
def test_a_name_that_would_become_too_long_is_refused(name: str, service: str, said: str) -> None:
    with pytest.raises(InvalidOption, match=said):
        refuse_long_names(target(name, service))


def test_copies_in_other_namespaces_tell_releases_of_one_name_apart() -> None:
    one, other = target("cart"), Target("test", "cart", host.Service("test", "cart"))
    assert one.copy_name("deny", "shop") == "deny-canary"
    assert one.copy_name("deny", "istio-system") != other.copy_name("deny", "istio-system")
    assert one.labels != other.labels
    assert one.labels["meshyard.io/owner"] == other.labels["meshyard.io/owner"] == "release-cart"
