"""What istiod does to the objects of its control plane, on an API server where no istiod runs."""

from __future__ import annotations

from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from lab.client import Client
from tests.harness.injector import Injector

_MUTATING = kinds.kind("MutatingWebhookConfiguration")
_VALIDATING = kinds.kind("ValidatingWebhookConfiguration")
_WRITER = "fieldManager=pilot-discovery"


class Istiod:
    """The part of istiod that writes: CA bundles of its webhooks, and failurePolicy of its validators.

    :ivar injector: the server behind the webhooks of a revision that was installed with C(values).
    """

    def __init__(self, client: Client, injector: Injector) -> None:
        self.client = client
        self.injector = injector

    def values(self, revision: str, version: str = "1.31.0") -> dict[str, Any]:
        """Helm values by which the API server, which reaches no Service, finds the injector."""
        self.injector.versions[revision] = version
        return {"istiodRemote": {"injectionURL": self.injector.url(revision)}}

    def serve(self, revision: str) -> None:
        """Sets what istiod of a revision sets once it runs; done already, it changes nothing."""
        for kind in (_MUTATING, _VALIDATING):
            for item in self.client.get(kind.path())["items"]:
                if item["metadata"].get("labels", {}).get("istio.io/rev") == revision:
                    self._trust(kind, item)

    def _trust(self, kind: kinds.Kind, item: dict[str, Any]) -> None:
        hooks = item["webhooks"]
        for hook in hooks:
            hook["clientConfig"]["caBundle"] = self.injector.ca_bundle
            if kind is _VALIDATING:
                hook["failurePolicy"] = "Fail"
        # As istiod does: the whole list, by an update that names no field manager of an apply.
        path = f"{kind.path(None, item['metadata']['name'])}?{_WRITER}"
        version = item["metadata"]["resourceVersion"]
        self.client.merge(path, {"metadata": {"resourceVersion": version}, "webhooks": hooks})
