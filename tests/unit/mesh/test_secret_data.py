"""Reading and writing what Secrets hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import secret_data


@given(st.text())
def test_text_comes_back_as_it_was_written(text: str) -> None:
    assert secret_data.text({"data": {"key": secret_data.encoded(text)}}, "key") == text


@pytest.mark.parametrize("data", [None, {}, {"key": None}, {"key": "%"}, {"key": "ä"}, {"key": "/w=="}])
def test_what_is_missing_or_no_text_is_empty(data: object) -> None:
    assert secret_data.text({"data": data}, "key") == ""
