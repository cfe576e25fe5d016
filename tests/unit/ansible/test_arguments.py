"""Options that several modules have are read in one place."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._ansible import arguments
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError


def test_a_version_that_is_not_supported_is_refused_unless_that_is_allowed() -> None:
    with pytest.raises(MeshyardError, match=r"Istio 1\.99\.0 is not supported"):
        arguments.version({"version": "1.99.0", "allow_unsupported": False})
    assert str(arguments.version({"version": "1.99.0", "allow_unsupported": True})) == "1.99.0"


def test_values_are_judged_for_the_version_that_is_asked_for() -> None:
    values = {"meshConfig": {"defaultTrafficPolicy": {}}}
    arguments.refuse_mistyped({"values": values, "version": None})
    arguments.refuse_mistyped({"values": values, "version": "1.31.0"})
    with pytest.raises(MeshyardError, match="Istio has it since"):
        arguments.refuse_mistyped({"values": values, "version": "1.30.0"})


def test_a_revision_is_named_by_its_option_or_by_the_version() -> None:
    assert arguments.revision({"revision": "stable", "version": "1.32.0"}) == "stable"
    assert arguments.revision({"revision": None, "version": "1.32.0"}) == "1-32-0"


@pytest.mark.parametrize("empty", [None, ""])
def test_neither_revision_nor_version_is_refused_in_a_sentence(empty: str | None) -> None:
    with pytest.raises(MeshyardError, match="Neither revision nor version is given"):
        arguments.revision({"revision": "", "version": empty})
