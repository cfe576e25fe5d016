"""What locality_lb refuses before it looks at any cluster."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import locality
from ansible_collections.meshyard.istio.plugins.module_utils._plan.locality import request as locality_request

NOTHING: dict[str, Any] = dict.fromkeys(("enabled", "failover", "failover_priority", "distribute", "outlier_detection", "connection_pool"))
RULE = {**NOTHING, "namespace": "shop", "name": "cart", "service_host": "cart"}


def weights(*pairs: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"distribute": [{"from": source, "to": to} for source, to in pairs]}


def failover(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"failover": [{"from": source, "to": to} for source, to in pairs]}


REFUSED: dict[str, dict[str, Any]] = {
    "There is nothing to set": {},
    "distribute and failover cannot": {**weights(("eu", {"eu": 100})), **failover(("eu", "us"))},
    "distribute and failover_priority cannot": {**weights(("eu", {"eu": 100})), "failover_priority": ["app"]},
    "enabled is false, so that": {"enabled": False, **failover(("eu", "us"))},
    "from eu to eu leads back": failover(("eu", "eu")),
    "from eu/a to us must name two regions": failover(("eu/a", "us")),
    "from eu to * must name two regions": failover(("eu", "*")),
    "from eu to (empty) must name": failover(("eu", "")),
    "two failovers from eu": failover(("eu", "us"), ("eu", "asia")),
    f"names {locality.ZONE} while failover": {**failover(("eu", "us")), "failover_priority": [locality.ZONE]},
    f"names {locality.REGION} while failover": {**failover(("eu", "us")), "failover_priority": [f"{locality.REGION}=eu"]},
    "'a=b=c' in failover_priority": {"failover_priority": ["a=b=c"]},
    "weight 0 in": weights(("eu", {"eu": 0, "us": 100})),
    "weight 101 in": weights(("eu", {"eu": 101})),
    "weight 99.5 in": weights(("eu", {"eu": 99.5})),
    "weight True in": weights(("eu", {"eu": True})),
    "from eu sum to 90": weights(("eu", {"eu": 80, "us": 10})),
    "from us sum to 0": weights(("eu", {"eu": 100}), ("us", {})),
    "'eu//a' in from": weights(("eu//a", {"eu": 100})),
    "'*/a' in from": weights(("*/a", {"eu": 100})),
    "'eu/a*' in to": weights(("eu", {"eu/a*": 100})),
    "from '*' stands before 'eu'": weights(("*", {"eu": 100}), ("eu", {"eu": 100})),
    "from 'eu' and 'eu/a' overlap": weights(("eu", {"eu": 100}), ("eu/a", {"eu": 100})),
    "from 'eu/a' and 'eu' overlap": weights(("eu/a", {"eu": 100}), ("eu", {"eu": 100})),
    "from 'eu/*' and 'eu/a' overlap": weights(("eu/*", {"eu": 100}), ("eu/a", {"eu": 100})),
    "'eu/a' and '*' of to overlap": weights(("eu", {"eu/a": 80, "*": 20})),
    "interval of outlier_detection is '10', which": {"outlier_detection": {"interval": "10"}},
    "interval of outlier_detection is '', which": {"outlier_detection": {"interval": ""}},
    "base_ejection_time of outlier_detection is '0s', which": {"outlier_detection": {"base_ejection_time": "0s"}},
    "base_ejection_time of outlier_detection is '-5s', which": {"outlier_detection": {"base_ejection_time": "-5s"}},
    "max_ejection_percent of outlier_detection is 500.": {"outlier_detection": {"max_ejection_percent": 500}},
    "min_health_percent of outlier_detection is -1.": {"outlier_detection": {"min_health_percent": -1}},
    "consecutive_5xx_errors of outlier_detection is -1.": {"outlier_detection": {"consecutive_5xx_errors": -1}},
    "consecutive_gateway_errors of outlier_detection is 4294967296.": {"outlier_detection": {"consecutive_gateway_errors": 2**32}},
    "host 'cart.shop' is not one service": {"service_host": "cart.shop", "connection_pool": {}},
    "host '*.shop.svc.cluster.local' is not": {"service_host": "*.shop.svc.cluster.local", "connection_pool": {}},
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_is_refused_with_what_to_do(sentence: str) -> None:
    with pytest.raises(MeshyardError) as refused:
        locality_request.request({**RULE, **REFUSED[sentence]})
    assert sentence in refused.value.problem
    assert refused.value.remedy.endswith(".")


def test_a_catch_all_may_follow_what_it_covers() -> None:
    asked = locality_request.request({**RULE, **weights(("eu/a", {"eu": "100"}), ("eu/*", {"eu": 100}), ("*", {"us": 30, "eu": 70}))})
    told = asked.fields["localityLbSetting"]["distribute"]
    assert [one["from"] for one in told] == ["eu/a", "eu/*", "*"]
    assert told[0]["to"] == {"eu": 100}


@pytest.mark.parametrize("text", ["10s", "1m30s", "500ms", "1.5h"])
def test_durations_of_outlier_detection_are_those_of_istio(text: str) -> None:
    given = {"interval": text, "base_ejection_time": text, "max_ejection_percent": 0, "min_health_percent": 100}
    assert locality_request.request({**RULE, "outlier_detection": given}).fields["outlierDetection"]["interval"] == text


def test_options_become_the_words_of_istio() -> None:
    outlier = {"consecutive_5xx_errors": 3, "interval": "5s", "max_ejection_percent": None}
    pool = {"http": {"maxRetries": 2, "idleTimeout": None}}
    asked = locality_request.request({**RULE, **failover(("eu", "us")), "outlier_detection": outlier, "connection_pool": pool})
    assert asked.fields == {
        "localityLbSetting": {"enabled": True, "failover": [{"from": "eu", "to": "us"}]},
        "outlierDetection": {"consecutive5xxErrors": 3, "interval": "5s"},
        "connectionPool": {"http": {"maxRetries": 2}},
    }
    assert locality_request.request({**RULE, "outlier_detection": {}}).fields == {"outlierDetection": {}}
