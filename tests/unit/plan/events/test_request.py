"""What a source of events may be asked for."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connection_options import WORDS
from ansible_collections.meshyard.istio.plugins.module_utils._errors import InvalidOption
from ansible_collections.meshyard.istio.plugins.module_utils._plan.events import request

CLUSTERS = [{"name": "eu", "kubeconfig": "k", "context": "eu", "api_key": ""}]


def test_clusters_alone_are_enough() -> None:
    found = request.parse({"clusters": CLUSTERS}, WORDS)
    assert found.clusters == {"eu": {"kubeconfig": "k", "context": "eu"}}
    assert (found.subjects, found.namespace) == (request.SUBJECTS, "istio-system")


def test_numbers_may_be_text_and_events_one_word() -> None:
    found = request.parse({"clusters": CLUSTERS, "settle_seconds": "0", "events": "token_due"}, WORDS)
    assert (found.settle, found.subjects) == (0, ("token_due",))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"clusters": []}, "is no list of clusters"),
        ({"clusters": [{"kubeconfig": "k"}]}, "is no list of clusters"),
        ({"clusters": [{"name": "eu", "kubecfg": "k"}]}, "cluster eu has an option that is not known: kubecfg"),
        ({"clusters": [*CLUSTERS, *CLUSTERS]}, "Two clusters of the source of events are called eu"),
        ({"clusters": CLUSTERS, "events": ["istiod"]}, "knows no event istiod"),
        ({"clusters": CLUSTERS, "events": []}, "No event is named"),
        ({"clusters": CLUSTERS, "check_seconds": 0}, "check_seconds"),
        ({"clusters": CLUSTERS, "token_days": "nan"}, "token_days"),
        ({"clusters": CLUSTERS, "cluster": 1}, "has no argument cluster"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidOption, match=said):
        request.parse(given, WORDS)
