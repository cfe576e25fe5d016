"""What istiod does to the objects of its control plane, on an API server where no istiod runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from lab.client import ApiError, Client
from tests.harness.injector import Injector

_MUTATING = kinds.kind("MutatingWebhookConfiguration")
_VALIDATING = kinds.kind("ValidatingWebhookConfiguration")
_PAUSE = 0.3
_WRITER = "fieldManager=pilot-discovery"


class Serving:
    """Does again and again, beside a test, what istiod does when its objects appear.

    What somebody else writes or takes away meanwhile is left to the next time.

    :param serve: does it once.
    """

    def __init__(self, serve: Callable[[], None]) -> None:
        self._serve, self._over = serve, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._over.wait(_PAUSE):
            with suppress(ApiError, OSError):
                self._serve()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_unused: object) -> None:
        self._over.set()
        self._thread.join(10)


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
