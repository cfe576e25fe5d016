"""The gate and images: tags of one's own, variants, and images that pods choose themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.harness.mesh import Mesh
from tests.harness.modules import Call

TAG = "1.32.0-20260101-abc"


@pytest.fixture(scope="module")
def revision(mesh: Mesh) -> Iterator[Callable[..., str]]:
    """Makes a control plane, and a namespace of the same name on it with a workload C(web)."""
    made: list[str] = []

    def make(version: str, annotations: dict[str, str] | None = None, **values: str) -> str:
        name = mesh.unused("own")
        mesh.revision(name, version, **values)
        mesh.namespace(name, {"istio.io/rev": name})
        mesh.workload(name, "web", annotations=annotations or {})
        mesh.settled(name, "web")
        made.append(name)
        return name

    yield make
    for name in made:
        mesh.delete("Deployment", f"istiod-{name}", "istio-system")
        mesh.delete("MutatingWebhookConfiguration", f"istio-sidecar-injector-{name}")


def pods(mesh: Mesh, name: str, version: str | None = "1.32.0") -> dict[str, Any]:
    """What the gate says of the pods of a namespace."""
    told = Call("upgrade_gate", {**mesh.connection, "namespaces": [name], "revision": name, "version": version, "wait_timeout": 0}).run()
    found: dict[str, Any] = told["evidence"][0]
    return found


@pytest.mark.parametrize("values", [{}, {"variant": "distroless"}], ids=["plain", "distroless"])
@pytest.mark.parametrize("tag", [TAG, "prod-7", "1.32.0"])
def test_pods_with_the_image_that_their_revision_gives_are_right_whatever_its_tag(
    mesh: Mesh, revision: Callable[..., str], tag: str, values: dict[str, str]
) -> None:
    found = pods(mesh, revision(tag, **values))
    assert (found["verdict"], found["on_target"]) == ("passed", 2), found["detail"]


def test_a_revision_that_gives_another_release_than_was_asked_for_fails(mesh: Mesh, revision: Callable[..., str]) -> None:
    name = revision(TAG)
    assert pods(mesh, name, "1.31.0")["verdict"] == "failed"
    assert pods(mesh, name, None)["verdict"] == "passed"


def test_an_image_that_the_pod_chose_itself_is_right_for_the_gate_and_for_the_statistics(mesh: Mesh, revision: Callable[..., str]) -> None:
    name = revision("1.32.0", {"sidecar.istio.io/proxyImage": "registry.invalid/proxyv2:1.29.9-ours"})
    assert pods(mesh, name)["verdict"] == "passed"
    told = Call("istio_revision_info", {**mesh.connection, "gather": ["statistics"]}).run()
    assert {one["status"] for one in told["statistics"]["mismatches"] if one["namespace"] == name} <= {"unknown"}
    moved = Call("namespace_revision", {**mesh.connection, "namespaces": [name], "revision": name}).run()
    assert (moved["changed"], moved["namespaces"][0]["pods"]) == (False, {"total": 2, "on_target": 2})
