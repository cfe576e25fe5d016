"""Options out of range are refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._ansible import ranges
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("wait_timeout", -5),
        ("hold_timeout", 100_000),
        ("max_parallel", 0),
        ("max_wave_size", 0),
        ("control_plane_namespace", "Istio System"),
        ("gateway_namespace", "-a"),
        ("network", "Net 1!"),
        ("network", "n" * 64),
    ],
)
def test_an_option_out_of_range_is_named_with_what_to_give(option: str, value: Any) -> None:
    with pytest.raises(MeshyardError, match=f"The option {option} is") as refused:
        ranges.check({option: value})
    assert refused.value.remedy


def test_what_is_in_range_or_not_given_passes() -> None:
    ranges.check({"wait_timeout": 0, "max_parallel": 5, "network": "net-eu.1", "namespace": "", "gateway_namespace": None})
