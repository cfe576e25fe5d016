"""Names of gateways that the chart renders."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import InvalidOption
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateways import settings


@pytest.mark.parametrize("name", ["ingress", "istio-ingress-2", "g" * 63])
def test_a_name_that_a_service_can_have_passes(name: str) -> None:
    settings.refuse_name(name)


@pytest.mark.parametrize("name", ["123", "1st", "in.gress", "in-", "Ingress", "g" * 64, ""])
def test_a_name_that_no_service_can_have_is_refused(name: str) -> None:
    with pytest.raises(InvalidOption, match="which no Service can be called") as refused:
        settings.refuse_name(name)
    assert repr(name) in refused.value.problem
