"""A library that is too old or known to be broken ends in one sentence that says where, what and how."""

from __future__ import annotations

import sys

import kubernetes
import pytest

from ansible_collections.meshyard.istio.plugins.module_utils import _libraries as libraries
from ansible_collections.meshyard.istio.plugins.module_utils._cluster import connect
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError


@pytest.mark.parametrize("version", ["24.2.0", "31.0.0", "36.0.2", "100.1"])
def test_a_supported_version_is_taken(version: str) -> None:
    libraries.require("kubernetes", version)


@pytest.mark.parametrize("version", ["9.0.1", "24.1", "36.0.0", "36.0.1"])
def test_another_version_is_refused_with_the_interpreter_and_what_to_install(version: str) -> None:
    with pytest.raises(MeshyardError) as refusal:
        libraries.require("kubernetes", version)
    wanted = "kubernetes>=24.2.0,!=36.0.0,!=36.0.1"
    assert refusal.value.problem == (
        f"The Python library kubernetes has the version {version} in {sys.executable}, which runs this module; {wanted} is needed."
    )
    assert f"{sys.executable} -m pip install '{wanted}'" in refusal.value.remedy


def test_no_connection_is_made_with_an_old_client_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubernetes, "__version__", "12.0.1")
    with pytest.raises(MeshyardError, match=r"kubernetes has the version 12\.0\.1"):
        connect.new_client({"host": "https://127.0.0.1:1"})
