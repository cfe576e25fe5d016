"""Options that many modules have are judged in one place."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._ansible import arguments
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError


@pytest.mark.parametrize("params", [{}, {"version": None}, {"version": ""}, {"version": "1.32.0"}, {"version": "1.32.0-20260101-abc"}])
def test_a_module_without_a_version_or_with_one_goes_on(params: dict[str, Any]) -> None:
    arguments.refuse_version(params)


@pytest.mark.parametrize("version", ["latest", "1.32", "1.x.0", "-1.2.3"])
def test_what_is_no_version_is_refused_by_the_name_of_its_option(version: str) -> None:
    with pytest.raises(MeshyardError) as caught:
        arguments.refuse_version({"version": version})
    assert caught.value.problem == f"The option version is wrong: {version!r} is not a version."
    assert caught.value.remedy == "Give all three numbers, such as 1.32.0 or 1.32.0-rc.1."


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
