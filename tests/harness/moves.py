"""Moving namespaces on a cluster that injects: calls of the module, and what to look at afterwards."""

from __future__ import annotations

from typing import Any

from tests.harness.mesh import SYSTEM, Mesh
from tests.harness.modules import Call
from tests.harness.proxy import WriteProxy

OLD, NEW = "1-31-0", "1-32-0"
RECORD, MARK = "meshyard.io/former", "meshyard.io/restarted-for"


def move(mesh: Mesh, *namespaces: str, check: bool = False, environment: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
    return call(mesh, *namespaces, check=check, environment=environment, **options).run()


def call(mesh: Mesh, *namespaces: str, check: bool = False, environment: dict[str, str] | None = None, **options: Any) -> Call:
    wanted = {"revision": NEW} if options.get("state", "present") == "present" else {}
    given = {**mesh.connection, "namespaces": list(namespaces), "wait_timeout": 60, **wanted, **options}
    return Call("namespace_revision", given, check=check, environment=environment)


def marks(mesh: Mesh, namespace: str) -> dict[str, str]:
    found: dict[str, str] = mesh.get("Namespace", namespace)["metadata"]["labels"]
    return found


def everywhere(mesh: Mesh, namespace: str, revision: str | None) -> bool:
    return all(told == {revision} for told in mesh.revisions(namespace).values())


def through(mesh: Mesh, proxy: WriteProxy) -> dict[str, Any]:
    """Connection options that lead through the proxy."""
    return {"kubeconfig": None, "host": proxy.url, "api_key": mesh.server.token}


def holder(mesh: Mesh) -> str | None:
    """Who holds the Lease."""
    if not mesh.exists("Lease", "meshyard", SYSTEM):
        return None
    found: str = mesh.get("Lease", "meshyard", SYSTEM)["spec"]["holderIdentity"]
    return found


def hold(mesh: Mesh, namespace: str, ready: str | None) -> None:
    """New pods of the Deployment web become ready after this time, or V(never)."""
    mesh.merge("Deployment", "web", namespace, {"spec": {"template": {"metadata": {"annotations": {"lab.meshyard/ready": ready}}}}})


def broken_record(mesh: Mesh, namespace: str) -> None:
    mesh.merge("Namespace", namespace, None, {"metadata": {"annotations": {RECORD: "prod"}}})


def nothing(_mesh: Mesh, _namespace: str) -> None:
    """Leaves it as it is."""
