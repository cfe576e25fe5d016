"""A cluster on which control planes come and go: modules run against it, and what they left is looked at."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import workload
from lab.apiserver import ApiServer
from lab.client import ApiError
from lab.paths import CHARTS, chart, program
from lab.waiting import until
from tests.harness.injector import Injector
from tests.harness.istiod import Istiod
from tests.harness.modules import Call
from tests.harness.proxy import WriteProxy

SYSTEM = "istio-system"
CHART = {"chart_repo_url": str(CHARTS), "binary_path": str(program("helm"))}
PART_OF = "labelSelector=app.kubernetes.io%2Fpart-of%3Distio"
_CLUSTER_WIDE = (
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "ClusterRole",
    "ClusterRoleBinding",
)
_NAMESPACED = ("Deployment", "HorizontalPodAutoscaler", "Service", "ConfigMap", "Role", "RoleBinding", "ServiceAccount", "Secret")
_WITH_CHART = ("istio_base", "istio_revision", "locality_lb")

Answer = dict[str, Any]


class Planes:
    """One API server with controllers, and an injector that its webhooks reach.

    :ivar istiod: does what istiod would do, when a test tells it to.
    """

    def __init__(self, server: ApiServer, injector: Injector) -> None:
        self.server = server
        self.client = server.client
        self.istiod = Istiod(self.client, injector)

    def run(self, name: str, /, **options: Any) -> Answer:
        """The answer of a module that succeeds; C(check) and C(diff) choose the mode."""
        answer = self.answer(name, **options)
        assert not answer.get("failed"), answer["msg"]
        return answer

    def refusal(self, name: str, /, **options: Any) -> Answer:
        """The answer of a module that fails and has written nothing."""
        with WriteProxy(self.server.host) as proxy:
            through = {"kubeconfig": None, "host": proxy.url, "api_key": self.server.token}
            answer = self.answer(name, **{**through, **options})
            assert answer.get("failed"), answer
            assert proxy.writes == []
        return answer

    def answer(
        self, name: str, /, *, check: bool = False, diff: bool = False, environment: dict[str, str] | None = None, **options: Any
    ) -> Answer:
        """The answer of a module, failed or not."""
        given = {"kubeconfig": str(self.server.kubeconfig), **(CHART if name in _WITH_CHART else {}), **options}
        return Call(name, {key: value for key, value in given.items() if value is not None}, check, diff, environment).run()

    def install(self, revision: str, version: str = "1.31.0", **options: Any) -> dict[str, Any]:
        """Installs a revision, which then is ready: its webhooks are trusted and inject. The options by which it was made."""
        values = {**self.istiod.values(revision, version), **options.pop("values", {})}
        given = {"revision": revision, "version": version, "values": values, **options}
        self.run("istio_revision", wait=False, **given)
        self.istiod.serve(revision)
        self.settled(revision)
        return given

    def settled(self, revision: str) -> None:
        """Waits until the istiods of a revision run."""
        name = "istiod" if revision == "default" else f"istiod-{revision}"

        def rolled_out() -> bool:
            return workload.rolled_out(workload.parse(self.there("Deployment", name, SYSTEM), "Deployment")).done

        until(rolled_out, 60, lambda: f"Deployment {name} does not roll.")

    def stop(self, revision: str) -> None:
        """Stops the istiods of a revision: simulated ones cannot be asked for their proxies, and who cannot be asked counts as in use."""
        name = "istiod" if revision == "default" else f"istiod-{revision}"
        self.merge("Deployment", name, {"spec": {"replicas": 0}}, SYSTEM, manager="kube-controller-manager")
        pods = f"{kinds.kind('Pod').path(SYSTEM)}?labelSelector=istio.io%2Frev%3D{revision}"
        until(lambda: not self.client.get(pods)["items"], 60, lambda: f"The pods of revision {revision} do not end.")

    def helm(self, *arguments: str, values: dict[str, Any] | None = None) -> str:
        """Runs Helm against this server."""
        with tempfile.TemporaryDirectory() as home:
            environment = {**os.environ, **{f"HELM_{kind}_HOME": home for kind in ("CACHE", "CONFIG", "DATA")}}
            file = Path(home, "values.json")
            file.write_text(json.dumps(values or {}))
            given = [] if values is None else ["--values", str(file)]
            command = [str(program("helm")), "--kubeconfig", str(self.server.kubeconfig), "--namespace", SYSTEM, *arguments, *given]
            done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def helm_install(self, release: str, name: str = "istiod", /, version: str = "1.31.0", **values: Any) -> None:
        """A chart of the lab by `helm install`."""
        self.helm("install", release, str(chart(name, version)), "--create-namespace", values=values)

    def get(self, kind: str, name: str, namespace: str | None = None) -> Answer | None:
        """An object, or None."""
        try:
            return self.client.get(kinds.kind(kind).path(namespace, name))
        except ApiError as error:
            if error.status != 404:
                raise
        return None

    def there(self, kind: str, name: str, namespace: str | None = None) -> Answer:
        """An object that must be there."""
        found = self.get(kind, name, namespace)
        assert found is not None, f"{kind} {name} is not there."
        return found

    def merge(self, kind: str, name: str, patch: Answer, namespace: str | None = None, manager: str = "somebody") -> Answer:
        """Changes an object as somebody else than the collection."""
        return self.client.merge(f"{kinds.kind(kind).path(namespace, name)}?fieldManager={manager}", patch)

    def names(self, kind: str, namespace: str | None = None) -> set[str]:
        """The names of all objects of a kind."""
        return {item["metadata"]["name"] for item in self.client.get(kinds.kind(kind).path(namespace))["items"]}

    def managers(self, kind: str, name: str, namespace: str | None = None) -> set[tuple[str, str]]:
        """Who owns fields of an object, and how, besides its status."""
        entries = self.there(kind, name, namespace)["metadata"]["managedFields"]
        return {(entry["manager"], entry["operation"]) for entry in entries if not entry.get("subresource")}

    def namespace(self, name: str, **labels: str) -> None:
        """A namespace with just these labels."""
        self.client.ensure("/api/v1/namespaces", {"metadata": {"name": name}})
        now = self.there("Namespace", name)["metadata"].get("labels", {})
        kept = {key: None for key in now if key != "kubernetes.io/metadata.name"} | labels
        self.merge("Namespace", name, {"metadata": {"labels": kept}})

    def wipe(self, *, crds: bool = False) -> None:
        """Takes away all that tests may have made, as nobody's module would."""
        for kind in _CLUSTER_WIDE:
            self.client.request("DELETE", f"{kinds.kind(kind).path()}?{PART_OF}")
        for kind in _NAMESPACED:
            self.client.request("DELETE", f"{kinds.kind(kind).path(SYSTEM)}")
        if crds:
            self.client.request("DELETE", f"{kinds.kind('CustomResourceDefinition').path()}?{PART_OF}")
            path = f"{kinds.kind('CustomResourceDefinition').path()}?{PART_OF}"
            until(lambda: not self.client.get(path)["items"], 60, lambda: "The CRDs do not go.")
        pods = kinds.kind("Pod").path(SYSTEM)
        until(lambda: not self.client.get(pods)["items"], 60, lambda: "The pods of the control planes do not go.")
