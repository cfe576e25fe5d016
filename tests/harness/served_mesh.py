"""A primary and the remote clusters that it serves, on API servers, and playbooks over all of them at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from lab.apiserver import ApiServer
from lab.waiting import until
from tests.harness import leases, playbook
from tests.harness.mesh_istiod import REV, MeshIstiod
from tests.harness.planes import CHART

SYSTEM, SHOP = "istio-system", "shop"
OLD, NEW = "1-31-0", "1-32-0"
VERSIONS = {OLD: "1.31.0", NEW: "1.32.0"}
PRIMARY, REMOTES = "eu", ("us", "ap", "sa")
_ROLES = ("istio_control_plane", "canary_upgrade", "remote_cluster")
_CHARTS = {"chart_repo_url": CHART["chart_repo_url"], "binary_path": CHART["binary_path"]}
_GLOBAL = {"global": {"externalIstiod": True, "multiCluster": {"clusterName": PRIMARY}, "meshID": "mesh1"}, "autoscaleEnabled": False}


class ServedMesh:
    """The clusters of one mesh.

    :ivar servers: by name. :ivar istiod: plays the istiods of the primary.
    """

    def __init__(self, folder: Path, servers: dict[str, ApiServer], istiod: MeshIstiod) -> None:
        self.folder = folder
        self.servers = servers
        self.istiod = istiod
        istiod.serve(PRIMARY, {name: server.client for name, server in servers.items()})

    def play(self, name: str, **variables: Any) -> playbook.Outcome:
        """Runs a playbook over all clusters at once."""
        return playbook.play(name, self._groups(), self.folder, **self._variables(variables))

    def killed(self, name: str, reached: Callable[[], object], **variables: Any) -> None:
        """Runs a playbook, and kills it and all its modules as soon as something is reached; nobody need wait until its Leases expire."""
        process = playbook.start(name, self._groups(), self.folder, **self._variables(variables))
        try:
            awaited = f"{name} does not come to where it is to be killed."
            until(lambda: reached() or process.poll() is not None, playbook.PATIENCE, lambda: awaited)
        finally:
            playbook.kill(process)
        said, _errors = process.communicate(timeout=playbook.PATIENCE)
        assert process.returncode == -signal.SIGKILL, said
        for server in self.servers.values():
            leases.expire(server.client)

    def _groups(self) -> dict[str, dict[str, dict[str, Any]]]:
        hosts = {name: self._host(name, number) for number, name in enumerate(self.servers)}
        return {"istio_primary": {PRIMARY: hosts.pop(PRIMARY)}, "istio_remote": hosts}

    def _host(self, name: str, number: int) -> dict[str, Any]:
        by = {"meshyard_kubeconfig": str(self.servers[name].kubeconfig)}
        values = self.istiod.values(name)
        if name == PRIMARY:
            return {**by, "istio_control_plane_values": {**_GLOBAL, **values}, "canary_upgrade_values": {**_GLOBAL, **values}}
        return {**by, "remote_cluster_values": values, "remote_cluster_server": f"https://10.99.0.{number}:6443"}

    def _variables(self, further: dict[str, Any]) -> dict[str, Any]:
        charts = {f"{role}_{key}": value for role in _ROLES for key, value in _CHARTS.items()}
        reach = {"remote_cluster_reach": "address", "remote_cluster_addresses": ["10.98.1.20"]}
        # The pods of all clusters have the same addresses here, and nobody sends anything to them.
        accepted = {"remote_cluster_accept": ["pod_ranges_overlap"]}
        together = {"canary_upgrade_waves": [self.namespaces()]}
        return {**charts, **reach, **accepted, **together, "remote_cluster_namespaces": [SHOP], **further}

    @staticmethod
    def namespaces() -> list[str]:
        """The shops of all remote clusters, as waves name them."""
        return [f"{name}/{SHOP}" for name in REMOTES]

    def shop(self, remote: str) -> None:
        """A namespace of a remote cluster with one workload."""
        client = self.servers[remote].client
        client.ensure("/api/v1/namespaces", {"metadata": {"name": SHOP}})
        labels = {"app": "web"}
        spec: dict[str, Any] = {"terminationGracePeriodSeconds": 0, "containers": [{"name": "app", "image": "registry.invalid/app:1"}]}
        template = {"metadata": {"labels": labels}, "spec": spec}
        deployment = {"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": labels}, "template": template}}
        client.ensure(kinds.kind("Deployment").path(SHOP), deployment)

    def revisions(self) -> dict[str, set[str]]:
        """By remote cluster, the revisions of the pods of its shop; empty for a pod outside the mesh."""
        return {name: self._revisions(name) for name in REMOTES}

    def _revisions(self, name: str) -> set[str]:
        pods = self.servers[name].client.get(kinds.kind("Pod").path(SHOP))["items"]
        live = [pod["metadata"] for pod in pods if not pod["metadata"].get("deletionTimestamp")]
        return {(meta.get("annotations") or {}).get(REV, "") for meta in live}

    def tokens(self, remote: str) -> list[str]:
        """The token Secrets of a remote cluster by which it is read."""
        secrets = self.servers[remote].client.get(f"/api/v1/namespaces/{SYSTEM}/secrets")["items"]
        return [secret["metadata"]["name"] for secret in secrets if secret["type"] == "kubernetes.io/service-account-token"]

    def read(self) -> set[str]:
        """The remote clusters for which the primary has a remote secret."""
        secrets = self.servers[PRIMARY].client.get(f"/api/v1/namespaces/{SYSTEM}/secrets")["items"]
        names = {secret["metadata"]["name"] for secret in secrets}
        return {remote for remote in REMOTES if f"istio-remote-secret-{remote}" in names}

    def planes(self) -> dict[str, set[str]]:
        """By cluster, the revisions whose webhooks inject pods there."""
        return {name: _injecting(server) for name, server in self.servers.items()}

    def holders(self) -> list[str]:
        """The clusters on which somebody holds the Lease."""
        return [name for name, server in self.servers.items() if leases.held(server.client)]

    def stop(self, revision: str) -> None:
        """Ends the istiods of a revision: the debug pages, which are one for all of them, would show the proxies of others, too."""
        client = self.servers[PRIMARY].client
        client.merge(kinds.kind("Deployment").path(SYSTEM, f"istiod-{revision}"), {"spec": {"replicas": 0}})
        pods = f"{kinds.kind('Pod').path(SYSTEM)}?labelSelector=istio.io%2Frev%3D{revision}"
        until(lambda: not client.get(pods)["items"], 60, lambda: f"The istiods of {revision} do not end.")


def _injecting(server: ApiServer) -> set[str]:
    found = server.client.get(kinds.kind("MutatingWebhookConfiguration").path())["items"]
    return {item["metadata"]["labels"][REV] for item in found}


@contextmanager
def running(folder: Path) -> Iterator[ServedMesh]:
    """Four API servers with controllers, started at the same time."""
    with ExitStack() as stack:
        istiod = stack.enter_context(MeshIstiod(folder / "istiod", VERSIONS))
        servers = {PRIMARY: ApiServer(folder / PRIMARY, PRIMARY, controllers=True, forwards={15014: istiod.port})}
        servers |= {name: ApiServer(folder / name, name, controllers=True) for name in REMOTES}
        with ThreadPoolExecutor() as pool:
            for server in servers.values():
                stack.callback(server.stop)
            list(pool.map(ApiServer.start, servers.values()))
        found = ServedMesh(folder, servers, istiod)
        for name in REMOTES:
            found.shop(name)
        yield found
