"""What control planes share: CRDs that go only forward, and a default validator that moves only on request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.planes import SYSTEM, Planes

SIDECARS = "sidecars.networking.istio.io"
VALIDATOR = "istiod-default-validator"
READER = "istio-reader-service-account"
VERSION = "meshyard.io/base-version"


@pytest.fixture
def bare(planes: Planes) -> Iterator[Planes]:
    """A cluster without CRDs, before and after."""
    planes.wipe(crds=True)
    yield planes
    planes.wipe(crds=True)


def crd(planes: Planes) -> tuple[str, bool]:
    """The version of the Sidecar CRD, and whether it has the field that came with 1.32.0."""
    found = planes.there("CustomResourceDefinition", SIDECARS)
    schemas = [version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"] for version in found["spec"]["versions"]]
    return found["metadata"]["annotations"].get(VERSION, ""), all("http2KeepAlive" in str(schema) for schema in schemas)


def validator(planes: Planes) -> tuple[str, str]:
    """The revision of the default validator, by its label and by whom it calls."""
    found = planes.there("ValidatingWebhookConfiguration", VALIDATOR)
    return found["metadata"]["labels"]["istio.io/rev"], found["webhooks"][0]["clientConfig"]["service"]["name"]


def said(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(step["action"], step["kind"], step["name"]) for step in answer["steps"]]


def test_crds_go_forward_once_as_check_mode_predicted_and_never_back(bare: Planes) -> None:
    predicted = bare.run("istio_base", version="1.31.0", check=True)
    assert bare.get("CustomResourceDefinition", SIDECARS) is None
    assert said(predicted) == said(bare.run("istio_base", version="1.31.0"))
    assert crd(bare) == ("1.31.0", False)
    assert not bare.run("istio_base", version="1.31.0")["changed"]
    forward = bare.run("istio_base", version="1.32.0")
    assert SIDECARS in forward["crds"]["applied"]
    assert crd(bare) == ("1.32.0", True)
    back = bare.run("istio_base", version="1.31.0")
    assert (back["crds"]["applied"], SIDECARS in back["crds"]["kept"]) == ([], True)
    assert crd(bare) == ("1.32.0", True)
    removed = bare.run("istio_base", state="absent")
    assert said(removed) == [("delete", "ServiceAccount", READER)]
    assert SIDECARS in removed["crds"]["kept"]
    assert crd(bare) == ("1.32.0", True)
    again = bare.run("istio_base", state="absent")
    assert (again["changed"], SIDECARS in again["crds"]["kept"]) == (False, True)


def test_the_default_validator_is_made_open_and_moves_only_on_request_to_a_revision_that_is_ready(bare: Planes) -> None:
    first = bare.run("istio_base", version="1.31.0", default_revision="1-31-0")
    assert first["default_validator"] == {"revision": "1-31-0", "closed": False}
    assert bare.there("ValidatingWebhookConfiguration", VALIDATOR)["webhooks"][0]["failurePolicy"] == "Ignore"
    bare.install("1-31-0")
    assert not bare.run("istio_base", version="1.31.0")["changed"]
    closed = bare.run("istio_base", version="1.31.0", default_revision="1-31-0")
    assert (closed["changed"], closed["default_validator"]["closed"]) == (False, True)
    refused = bare.refusal("istio_base", version="1.31.0", default_revision="1-32-0")
    assert "cannot move to revision 1-32-0, which is not there" in refused["msg"]
    planned = bare.run("istio_base", version="1.31.0", default_revision="1-32-0", planned_revisions=["1-32-0"], check=True)
    assert said(planned) == [("apply", "ValidatingWebhookConfiguration", VALIDATOR)]
    assert validator(bare) == ("1-31-0", "istiod-1-31-0")
    bare.install("1-32-0", "1.32.0")
    moved = bare.run("istio_base", version="1.31.0", default_revision="1-32-0")
    assert said(moved) == said(planned)
    assert validator(bare) == ("1-32-0", "istiod-1-32-0")
    assert moved["default_validator"] == {"revision": "1-32-0", "closed": True}
    assert not bare.run("istio_base", version="1.31.0")["changed"]
    assert "serves control planes that are there" in bare.refusal("istio_base", state="absent")["msg"]
    assert bare.run("istio_base", state="absent", force=True)["changed"]
    assert VALIDATOR not in bare.names("ValidatingWebhookConfiguration")


def test_a_base_that_helm_made_stays_helms_but_its_crds_go_forward(bare: Planes) -> None:
    bare.helm_install("istio-base", "base", defaultRevision="default")
    assert not bare.run("istio_base", version="1.31.0")["changed"]
    before = bare.managers("ServiceAccount", READER, SYSTEM)
    predicted = bare.run("istio_base", version="1.32.0", check=True)
    assert "was made by Helm: only its CRDs go forward to 1.32.0" in str(predicted["warnings"])
    done = bare.run("istio_base", version="1.32.0")
    assert {step["kind"] for step in done["steps"]} == {"CustomResourceDefinition"}
    assert (done["made_by"], crd(bare)) == ("helm", ("1.32.0", True))
    assert bare.managers("ServiceAccount", READER, SYSTEM) == before
    assert not bare.run("istio_base", version="1.32.0")["changed"]
    # Helm still knows what it made, and does not take the CRDs back for good.
    annotations = bare.there("CustomResourceDefinition", SIDECARS)["metadata"]["annotations"]
    assert annotations["meta.helm.sh/release-name"] == "istio-base"


def test_the_validator_of_helms_base_moves_on_request_and_keeps_all_else(bare: Planes) -> None:
    bare.helm_install("istio-base", "base", defaultRevision="default")
    bare.install("1-31-0")
    before = bare.there("ValidatingWebhookConfiguration", VALIDATOR)
    moved = bare.run("istio_base", version="1.31.0", default_revision="1-31-0", wait=False)
    assert said(moved) == [("apply", "ValidatingWebhookConfiguration", VALIDATOR)]
    after = bare.there("ValidatingWebhookConfiguration", VALIDATOR)
    assert validator(bare) == ("1-31-0", "istiod-1-31-0")
    assert after["metadata"]["annotations"] == before["metadata"]["annotations"]
    assert after["webhooks"][0]["failurePolicy"] == before["webhooks"][0]["failurePolicy"] == "Ignore"
    assert not bare.run("istio_base", version="1.31.0")["changed"]


def test_an_adopted_base_is_ours_and_goes_with_helms_record(bare: Planes) -> None:
    bare.helm_install("istio-base", "base", defaultRevision="default")
    done = bare.run("istio_base", version="1.31.0", adopt=True)
    assert "Helm's release istio-system/istio-base is taken over" in str(done["warnings"])
    for kind, name, namespace in (("ServiceAccount", READER, SYSTEM), ("CustomResourceDefinition", SIDECARS, None)):
        assert ("meshyard-base", "Apply") in bare.managers(kind, name, namespace)
        assert "helm" not in dict(bare.managers(kind, name, namespace))
    assert bare.there("ValidatingWebhookConfiguration", VALIDATOR)["webhooks"][0]["failurePolicy"] == "Ignore"
    assert not bare.run("istio_base", version="1.31.0")["changed"]
    bare.run("istio_base", state="absent")
    assert {name for name in bare.names("Secret", SYSTEM) if name.startswith("sh.helm")} == set()
