"""How a prediction of traffic reads."""

from __future__ import annotations

from typing import Any

from ansible_collections.meshyard.istio.plugins.plugin_utils.traffic_lines import lines

ROW: dict[str, Any] = {
    "service": "cart.shop",
    "from": {"cluster": "eu", "region": "r", "zone": "z", "subzone": ""},
    "priorities": [{"localities": ["r/z"]}, {"localities": ["r/y", "r/x"]}, {"localities": ["s"]}],
    "shares": {"r/z": 90.0, "s": 10.0},
    "clusters": {"eu": 90.0, "us": 10.0},
}


def test_a_line_names_service_place_shares_clusters_and_what_comes_next() -> None:
    assert lines([ROW]) == [
        "cart.shop from eu r/z: r/z 90.0 %, s 10.0 % (eu 90.0 %, us 10.0 %); when those are down r/y and r/x, then s",
    ]


def test_a_line_says_where_nothing_is_known_or_reached() -> None:
    bare = {**ROW, "from": {"cluster": "eu", "region": "", "zone": "", "subzone": ""}, "priorities": [], "shares": {}, "clusters": {}}
    assert lines([bare]) == ["cart.shop from eu unknown place: nothing is reached"]
