"""What is found in the variables of a release before anything is done."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import InvalidOption
from ansible_collections.meshyard.istio.plugins.plugin_utils.release_workloads import checked

WEB: dict[str, Any] = {"namespace": "shop", "name": "web", "image": "app:2"}


def test_workloads_with_known_keys_stay_what_they_are() -> None:
    whole = {**WEB, "name": "api", "patch": {}, "flight": {"url": "http://web"}, "gate": {"p99_ms": 20}, "policy_gap": "warn"}
    assert checked([WEB, whole], {"success_percent": 99}) == [WEB, whole]


@pytest.mark.parametrize(
    ("workloads", "gate", "said"),
    [
        ([{"namespace": "shop"}], {}, "has no name"),
        ([{"image": "app:2"}], {}, "has no namespace and no name"),
        ([{**WEB, "imgae": "app:2"}], {}, "shop/web in workload_canary_workloads has imgae, which means nothing"),
        ([{**WEB, "gate": {"p99": 20}}], {}, "gate of shop/web in workload_canary_workloads has p99, which means nothing"),
        ([{**WEB, "gate": "99"}], {}, "gate of shop/web in workload_canary_workloads is no dictionary"),
        ([WEB], {"sucess_percent": 99}, "workload_canary_gate has sucess_percent, which means nothing"),
        ([WEB, {**WEB, "image": "app:3"}], {}, "shop/web in workload_canary_workloads is there twice"),
    ],
)
def test_a_mistake_in_the_variables_is_named(workloads: list[dict[str, Any]], gate: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidOption, match=said):
        checked(workloads, gate)
