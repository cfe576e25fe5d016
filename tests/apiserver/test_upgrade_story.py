"""The playbook that upgrades, against an API server whose istiods answer: what it does, and what a reader sees of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from lab.apiserver import ApiServer
from lab.waiting import until
from tests import tree
from tests.harness.injector import Injector
from tests.harness.kubelet import Kubelet
from tests.harness.planes import CHART, SYSTEM, Planes
from tests.harness.playbook import Outcome, play

OLD, NEW = "1-31-0", "1-32-0"
SHOP = ("cart", "pay", "shop")
PLACES = (*SHOP, "edge")
LINES = 45
SETTINGS = tree.ROOT / "examples" / "project" / "ansible.cfg"


class Mesh:
    """A mesh on the old revision: three namespaces, and a gateway in a fourth one."""

    def __init__(self, planes: Planes, kubelet: Kubelet, folder: Path) -> None:
        self.planes, self.kubelet, self.folder = planes, kubelet, folder

    def play(self, playbook: str, *arguments: str, **variables: Any) -> Outcome:
        """Runs a playbook as the example project does."""
        values = self.planes.istiod.values(NEW, "1.32.0")
        tools = {f"canary_upgrade_{name}": value for name, value in CHART.items()}
        given = {**tools, "canary_upgrade_version": "1.32.0", "canary_upgrade_values": values, **variables}
        hosts = {"istio_primary": {"eu": {"ansible_connection": "local", "meshyard_kubeconfig": str(self.planes.server.kubeconfig)}}}
        given |= {"canary_upgrade_gate_timeout": 5, "canary_upgrade_hold_seconds": 1, "canary_upgrade_wait_timeout": 60}
        return play(playbook, hosts, self.folder, *arguments, settings=SETTINGS, **given)

    def everywhere(self) -> dict[str, set[str]]:
        """The revisions of the pods by namespace."""
        return {name: self.revisions(name) for name in PLACES}

    def revisions(self, namespace: str) -> set[str]:
        """The revisions of the pods that are not ending."""
        pods = self.planes.client.get(kinds.kind("Pod").path(namespace))["items"]
        live = [pod["metadata"] for pod in pods if not pod["metadata"].get("deletionTimestamp")]
        return {(meta.get("annotations") or {}).get("istio.io/rev", "") for meta in live}


def everywhere(revision: str) -> dict[str, set[str]]:
    return {name: {revision} for name in PLACES}


def deploy(planes: Planes, namespace: str, labels: dict[str, str], **metadata: Any) -> None:
    app = {"name": "istio-proxy", "image": "auto"} if metadata else {"name": "app", "image": "registry.invalid/app:1"}
    template = {"metadata": {"labels": labels, **metadata}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [app]}}
    spec = {"selector": {"matchLabels": {"app": labels["app"]}}, "template": template}
    planes.client.create(kinds.kind("Deployment").path(namespace), {"metadata": {"name": labels["app"]}, "spec": spec})


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    folder = tmp_path_factory.mktemp("story")
    with ExitStack() as stack:
        server = stack.enter_context(ApiServer(folder / "server", "story", controllers=True))
        planes = Planes(server, stack.enter_context(Injector(folder, {})))
        mesh = Mesh(planes, stack.enter_context(Kubelet(server, folder)), folder)
        stack.enter_context(Serving(lambda: planes.istiod.serve(NEW)))
        planes.namespace(SYSTEM)
        planes.install(OLD)
        for namespace in SHOP:
            planes.namespace(namespace, **{"istio.io/rev": OLD})
            deploy(planes, namespace, {"app": "web"})
        planes.namespace("edge")
        labels = {"app": "edge", "istio": "edge", "istio.io/rev": OLD, "sidecar.istio.io/inject": "true"}
        deploy(planes, "edge", labels, annotations={"inject.istio.io/templates": "gateway"})
        until(lambda: mesh.everywhere() == everywhere(OLD), 60, lambda: f"The pods do not come up: {mesh.everywhere()}.")
        yield mesh


class Serving:
    """Does again and again, beside a test, what istiod does when its objects appear."""

    def __init__(self, serve: Callable[[], None]) -> None:
        self._serve, self._over = serve, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._over.wait(0.3):
            self._serve()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_unused: object) -> None:
        self._over.set()
        self._thread.join(10)


def test_a_tag_runs_its_phase_alone_and_one_that_is_not_asked_for_is_refused(mesh: Mesh) -> None:
    preflight = mesh.play("upgrade", "--tags", "preflight")
    assert (preflight.status, preflight.changed) == (0, 0)
    assert "PHASE Preflight" in preflight.said
    assert "PHASE Prepare" not in preflight.said
    refused = mesh.play("upgrade", "--tags", "retire")
    assert refused.status == 2
    assert "canary_upgrade_retire=true" in refused.said
    assert "has no phases" in mesh.play("rollback", "--tags", "waves").said


def test_an_old_revision_that_is_not_there_is_refused_with_those_that_are(mesh: Mesh) -> None:
    refused = mesh.planes.refusal("upgrade_plan", version="1.32.0", from_revision="gone")
    assert refused["problem"].startswith("There is no control plane of revision gone")
    assert OLD in refused["remedy"]


@pytest.mark.parametrize("mode", [(), ("--check",)], ids=["real", "check"])
def test_where_there_is_no_istio_check_mode_ends_as_the_run_does(server: ApiServer, tmp_path: Path, mode: tuple[str, ...]) -> None:
    hosts = {"istio_primary": {"eu": {"ansible_connection": "local", "meshyard_kubeconfig": str(server.kubeconfig)}}}
    ended = play("upgrade", hosts, tmp_path, *mode, settings=SETTINGS, canary_upgrade_version="1.32.0")
    assert ended.status == 2
    assert "There is no control plane in the namespace istio-system" in ended.said


@pytest.mark.timeout(300)
def test_an_upgrade_of_three_namespaces_is_told_in_few_lines(mesh: Mesh) -> None:
    done = mesh.play("upgrade")
    assert done.status == 0, done.said
    assert mesh.everywhere() == everywhere(NEW)
    told = [line for line in done.lines if line.strip() and not line.startswith("    [eu] ")]  # how long it takes says nothing here
    assert len(told) <= LINES, "\n".join(told)
    for what in (
        "0 of 2 done, now Wave 1 of 2: cart; then pay, shop",
        "passed: [eu] 2 of 2 pods are on 1-32-0",
        "2 of 2 done",
        "Done: the mesh",
    ):
        assert what in done.said
    assert "skipping" not in done.said


@pytest.mark.timeout(300)
def test_all_of_it_goes_back(mesh: Mesh) -> None:
    back = mesh.play("rollback")
    assert back.status == 0, back.said
    assert mesh.everywhere() == everywhere(OLD)


@pytest.mark.timeout(300)
def test_a_wave_whose_gate_fails_goes_back_and_those_before_stay(mesh: Mesh) -> None:
    mesh.kubelet.debug.behind.add("pay")
    ended = mesh.play("upgrade", canary_upgrade_waves="cart; pay, shop", canary_upgrade_phases="prepare, waves")
    mesh.kubelet.debug.behind.clear()
    assert ended.status == 2
    assert "the gate for Wave 2 of 2: pay, shop failed" in ended.said
    assert mesh.everywhere() == {"cart": {NEW}, "pay": {OLD}, "shop": {OLD}, "edge": {OLD}}
