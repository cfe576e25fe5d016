"""What an east-west gateway lets in, and what of others is left alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Delete, Object, Ref, ref_of
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote import exposure as mesh_exposure
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote.exposure import ExposureRequest

OLD, NEW = "1-31-0", "1-32-0"


def request(*revisions: str, services: bool = False, namespace: str = "istio-system", **further: Any) -> ExposureRequest:
    return ExposureRequest(
        namespace, further.get("place", namespace), further.get("selector", {"istio": "eastwestgateway"}), services, revisions
    )


def live(*objects: Object) -> dict[Ref, Object]:
    return {ref_of(obj): obj for obj in objects}


def foreign(obj: Object) -> Object:
    """An object as somebody else would have made it."""
    other = copy.deepcopy(obj)
    other["metadata"].pop("labels")
    return other


def test_nothing_is_exposed_that_was_not_asked_for() -> None:
    assert mesh_exposure.objects(request()) == []
    assert [obj["metadata"]["name"] for obj in mesh_exposure.objects(request(services=True))] == ["cross-network-gateway"]
    names = [obj["metadata"]["name"] for obj in mesh_exposure.objects(request(OLD, NEW))]
    assert names == ["istiod-gateway", f"istiod-vs-{OLD}", f"istiod-vs-{NEW}"]


def test_a_plane_of_another_namespace_is_asked_for_there_and_the_objects_lie_where_they_shall() -> None:
    gateway, route = mesh_exposure.objects(request("default", namespace="mesh", place="edge"))
    assert {gateway["metadata"]["namespace"], route["metadata"]["namespace"]} == {"edge"}
    assert route["metadata"]["name"] == "istiod-vs"
    assert route["spec"]["tls"][0]["match"][0]["sniHosts"] == ["istiod.mesh.svc", "istiod.mesh.svc.cluster.local"]
    assert route["spec"]["tls"][1]["route"][0]["destination"] == {"host": "istiod.mesh.svc.cluster.local", "port": {"number": 443}}


def test_the_unrevisioned_plane_is_named_default_or_by_nothing() -> None:
    assert mesh_exposure.objects(request("")) == mesh_exposure.objects(request("default")) == mesh_exposure.objects(request("", "default"))


def test_a_revision_that_is_no_longer_named_goes_and_strangers_stay() -> None:
    old, new = mesh_exposure.objects(request(OLD)), mesh_exposure.objects(request(NEW))
    other = foreign(old[1])
    other["metadata"]["name"] = "istiod-vs-theirs"
    plan = mesh_exposure.plan(new, live(*old, other), ())
    assert [step.ref.name for step in plan if isinstance(step, Delete)] == [f"istiod-vs-{OLD}"]


@pytest.mark.parametrize("revision", ["default", NEW])
def test_the_same_content_of_somebody_else_is_left_alone(revision: str) -> None:
    wanted = mesh_exposure.objects(request(revision, services=True))
    others = [foreign(obj) for obj in wanted]
    for obj in others:
        for server in obj["spec"].get("servers", ()):
            server["port"]["protocol"] = "tls"
        for route in obj["spec"].get("tls", ()):
            route["match"][0]["sniHosts"].reverse()
    left = mesh_exposure.theirs(wanted, live(*others), "eu")
    assert sorted(left) == sorted(map(ref_of, wanted))
    assert mesh_exposure.plan(wanted, live(*others), left) == ()


@pytest.mark.parametrize(("revision", "same"), [("default", True), (NEW, False)])
def test_a_route_for_any_name_is_enough_for_the_plane_without_a_revision_only(revision: str, same: bool) -> None:
    wanted = mesh_exposure.objects(request(revision))
    other = foreign(wanted[1])
    for route in other["spec"]["tls"]:
        route["match"][0]["sniHosts"] = ["*"]
    if same:
        assert mesh_exposure.theirs(wanted, live(other), "eu") == (ref_of(other),)
    else:
        with pytest.raises(MeshyardError, match="was made by somebody else"):
            mesh_exposure.theirs(wanted, live(other), "eu")


@pytest.mark.parametrize("path", ["selector", "servers"])
def test_another_content_of_somebody_else_is_refused(path: str) -> None:
    wanted = mesh_exposure.objects(request(services=True))
    other = foreign(wanted[0])
    other["spec"].pop(path)
    with pytest.raises(MeshyardError, match="cross-network-gateway on cluster eu"):
        mesh_exposure.theirs(wanted, live(other), "eu")


def test_a_selector_that_takes_every_gateway_and_an_impossible_revision_are_refused() -> None:
    with pytest.raises(MeshyardError, match="selector is empty"):
        request(services=True, selector={}).check()
    with pytest.raises(MeshyardError, match="not a DNS label"):
        request("1.32").check()
    request("", "default", NEW).check()
