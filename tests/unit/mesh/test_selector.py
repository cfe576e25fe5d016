"""Label selectors match as the API server's do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import selector

KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(["", "x", "y"])
LABELS = st.dictionaries(KEYS, VALUES)
EXPRESSIONS = st.fixed_dictionaries(
    {"key": KEYS, "operator": st.sampled_from(selector.OPERATORS), "values": st.lists(VALUES, max_size=3)},
)
SELECTORS = st.fixed_dictionaries({}, optional={"matchLabels": LABELS, "matchExpressions": st.lists(EXPRESSIONS, max_size=4)})


def naive(raw: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """The rules of the Kubernetes documentation, spelt out one by one."""
    for key, value in raw.get("matchLabels", {}).items():
        if labels.get(key, None) != value:
            return False
    for entry in raw.get("matchExpressions", []):
        value = labels.get(entry["key"])
        if entry["operator"] == "In" and (value is None or value not in entry["values"]):
            return False
        if entry["operator"] == "NotIn" and value is not None and value in entry["values"]:
            return False
        if entry["operator"] == "Exists" and value is None:
            return False
        if entry["operator"] == "DoesNotExist" and value is not None:
            return False
    return True


@given(SELECTORS, LABELS)
def test_a_selector_matches_exactly_what_the_documented_rules_match(raw: dict[str, Any], labels: dict[str, str]) -> None:
    assert selector.parse(raw).matches(labels) == naive(raw, labels)


@pytest.mark.parametrize("raw", [None, {}, {"matchLabels": None, "matchExpressions": None}])
def test_a_selector_without_conditions_matches_everything(raw: dict[str, Any] | None) -> None:
    assert selector.parse(raw).matches({})
    assert selector.parse(raw).matches({"a": "x"})


def test_a_missing_label_meets_not_in() -> None:
    raw = {"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["x"]}]}
    assert selector.parse(raw).matches({})
    assert not selector.parse(raw).matches({"a": "x"})


def test_an_unknown_operator_is_refused_by_name() -> None:
    with pytest.raises(MeshyardError, match="unknown operator Gt"):
        selector.parse({"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]})
