"""A mesh on the old revision on an API server whose istiods answer: what the playbooks of an upgrade are run against."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from lab.apiserver import ApiServer
from lab.waiting import until
from tests import tree
from tests.harness.injector import Injector
from tests.harness.istiod import Serving
from tests.harness.kubelet import Kubelet
from tests.harness.planes import CHART, SYSTEM, Planes
from tests.harness.playbook import Outcome, play

OLD, NEW = "1-31-0", "1-32-0"
SHOP = ("cart", "pay", "shop")
PLACES = (*SHOP, "edge")
SETTINGS = tree.ROOT / "examples" / "project" / "ansible.cfg"


LIMITS = {"canary_upgrade_gate_timeout": 5, "canary_upgrade_hold_seconds": 1, "canary_upgrade_wait_timeout": 60}


class UpgradeMesh:
    """A mesh on the old revision: three namespaces, and a gateway in a fourth one."""

    def __init__(self, planes: Planes, kubelet: Kubelet, folder: Path) -> None:
        self.planes, self.kubelet, self.folder = planes, kubelet, folder

    def play(self, playbook: str, *arguments: str, **variables: Any) -> Outcome:
        """Runs a playbook as the example project does."""
        hosts = {"istio_primary": {"eu": {"ansible_connection": "local", "meshyard_kubeconfig": str(self.planes.server.kubeconfig)}}}
        given = {"canary_upgrade_version": "1.32.0", **self.settings, **variables, **LIMITS}
        return play(playbook, hosts, self.folder, *arguments, settings=SETTINGS, **given)

    @property
    def settings(self) -> dict[str, Any]:
        """Variables that belong to the place and not to a run."""
        tools = {f"canary_upgrade_{name}": value for name, value in CHART.items()}
        return {**tools, "canary_upgrade_values": self.planes.istiod.values(NEW, "1.32.0")}

    def everywhere(self) -> dict[str, set[str]]:
        """The revisions of the pods by namespace."""
        return {name: self.revisions(name) for name in PLACES}

    def revisions(self, namespace: str) -> set[str]:
        """The revisions of the pods that are not ending."""
        pods = self.planes.client.get(kinds.kind("Pod").path(namespace))["items"]
        live = [pod["metadata"] for pod in pods if not pod["metadata"].get("deletionTimestamp")]
        return {(meta.get("annotations") or {}).get("istio.io/rev", "") for meta in live}

    def written(self) -> dict[str, int]:
        """How often each object that a run may change was written, by where it is."""
        found: dict[str, int] = {}
        for kind in ("Namespace", "Deployment", "ConfigMap", "MutatingWebhookConfiguration", "Service"):
            for one in self.planes.client.get(kinds.kind(kind).path())["items"]:
                found[f"{kind} {one['metadata'].get('namespace')}/{one['metadata']['name']}"] = one["metadata"].get("generation", 0)
        return found

    def labels(self) -> dict[str, str]:
        """The revisions that the labels of the namespaces name."""
        read = {name: self.planes.client.get(kinds.kind("Namespace").path(None, name)) for name in SHOP}
        return {name: one["metadata"]["labels"].get("istio.io/rev", "") for name, one in read.items()}


def everywhere(revision: str) -> dict[str, set[str]]:
    return {name: {revision} for name in PLACES}


def deploy(planes: Planes, namespace: str, labels: dict[str, str], **metadata: Any) -> None:
    app = {"name": "istio-proxy", "image": "auto"} if metadata else {"name": "app", "image": "registry.invalid/app:1"}
    template = {"metadata": {"labels": labels, **metadata}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [app]}}
    spec = {"selector": {"matchLabels": {"app": labels["app"]}}, "template": template}
    planes.client.create(kinds.kind("Deployment").path(namespace), {"metadata": {"name": labels["app"]}, "spec": spec})


@contextmanager
def upgrade_mesh(folder: Path) -> Iterator[UpgradeMesh]:
    """The mesh, on a server of its own, until the end of the context."""
    with ExitStack() as stack:
        server = stack.enter_context(ApiServer(folder / "server", "story", controllers=True))
        planes = Planes(server, stack.enter_context(Injector(folder, {})))
        mesh = UpgradeMesh(planes, stack.enter_context(Kubelet(server, folder)), folder)
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
