"""The roles of examples/rbac are enough: an account with both of them installs, tags and removes, and a reader checks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import accounts
from tests.harness.planes import Planes


@pytest.fixture
def tokens(planes: Planes) -> dict[str, str]:
    """By account: one that may only look, and one that may do all."""
    known = {"looks": ("reader",), "does": ("reader", "operator")}
    return {name: accounts.token(planes.client, name, *roles) for name, roles in known.items()}


def through(planes: Planes, token: str) -> dict[str, Any]:
    return {"kubeconfig": None, "host": planes.server.host, "api_key": token, "validate_certs": False}


@pytest.mark.smoke
def test_the_two_roles_are_enough_to_install_tag_move_and_remove(planes: Planes, tokens: dict[str, str]) -> None:
    does = through(planes, tokens["does"])
    planes.run("istio_base", version="1.31.0", **does)
    given = planes.install("1-31-0", **does)
    planes.run("istio_tag", name="stable", revision="1-31-0", wait=False, **does)
    planes.namespace("shop")
    planes.run("namespace_revision", namespaces=["shop"], revision="1-31-0", **does)
    assert not planes.run("istio_revision", **given)["changed"]
    planes.run("namespace_revision", namespaces=["shop"], state="absent", **does)
    planes.run("istio_tag", name="stable", state="absent", **does)
    planes.stop("1-31-0")
    assert planes.run("istio_revision", revision="1-31-0", state="absent", wait=False, **does)["changed"]


@pytest.mark.smoke
def test_the_reader_checks_and_informs_without_a_warning_of_what_it_could_not_read(planes: Planes, tokens: dict[str, str]) -> None:
    planes.install("1-31-0")
    looks = through(planes, tokens["looks"])
    found = planes.run("upgrade_plan", version="1.32.0", **looks)
    assert [finding["object"] for finding in found["findings"] if finding["code"] == "unreadable"] == []
    assert planes.run("istio_revision_info", **looks)["revisions"]
