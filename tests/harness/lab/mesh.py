"""A mesh of the old revision, made by the collection itself, for the scenarios that upgrade one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.harness.lab import shop, state
from tests.harness.lab.cluster import LabCluster, recreate
from tests.harness.lab.playbooks import INSTALL, Playbooks
from tests.harness.lab.settings import GATEWAY_NAMESPACE, OLD, SETUP

PLACES = (*shop.NAMESPACES, GATEWAY_NAMESPACE)


@dataclass(frozen=True)
class Mesh:
    """A cluster with a control plane, gateway and shop, and the way to run playbooks on it."""

    cluster: LabCluster
    play: Playbooks

    def signs(self) -> tuple[object, ...]:
        """What tells that it is as it was installed: whose planes there are, what namespaces say, who injected the pods."""
        namespace_states = [item["metadata"] for item in self.cluster.items("Namespace") if item["metadata"]["name"] in PLACES]
        gateways = [item["metadata"].get("annotations", {}) for item in self.cluster.items("Deployment", GATEWAY_NAMESPACE)]
        return (
            set(state.planes(self.cluster)),
            sorted(
                (namespace_state["uid"], str(namespace_state.get("labels")), str(namespace_state.get("annotations")))
                for namespace_state in namespace_states
            ),
            ["meshyard.io/former" in annotations for annotations in gateways],
            shop.planes(self.cluster),
        )


class SharedMesh:
    """Gives every scenario a mesh as it was installed: the last one's, or one made anew when that one has changed it."""

    def __init__(self, cluster_name: str, collections: Path) -> None:
        self._name, self._collections = cluster_name, collections
        self._signs: tuple[object, ...] | None = None

    def as_installed(self, work: Path) -> Mesh:
        """The mesh, with C(work) as the folder of evidence."""
        mesh = self._last(work)
        if mesh is None:
            cluster = recreate(self._name, work)
            mesh = Mesh(cluster, Playbooks(cluster, self._collections))
            install(mesh)
            self._signs = mesh.signs()
        return mesh

    def _last(self, work: Path) -> Mesh | None:
        if self._signs is None:
            return None
        cluster = LabCluster(self._name, work)
        mesh = Mesh(cluster, Playbooks(cluster, self._collections))
        return mesh if mesh.signs() == self._signs else None


def install(mesh: Mesh) -> None:
    """The control plane by install.yml, then gateway and shop."""
    mesh.play.run(INSTALL)
    mesh.play.run(str(SETUP), **shop.variables({"istio.io/rev": OLD}))
