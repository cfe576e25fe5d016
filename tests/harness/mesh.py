"""A cluster that looks as if Istio were installed: control planes without a program, and a webhook that really injects."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from lab.apiserver import ApiServer
from lab.client import ApiError, Client
from lab.waiting import until
from tests.harness.injector import Injector
from tests.unit.mesh import build

SYSTEM = "istio-system"
Body = dict[str, Any]


class Mesh:
    """What tests do to the objects of one API server.

    :ivar client: for reading and writing as somebody else than the collection.
    """

    def __init__(self, server: ApiServer, injector: Injector) -> None:
        self.server = server
        self.injector = injector
        self.client: Client = server.client
        self._numbers = itertools.count(1)
        self.namespace(SYSTEM)

    def unused(self, stem: str) -> str:
        """A name that no test has had before."""
        return f"{stem}-{next(self._numbers)}"

    @property
    def connection(self) -> dict[str, Any]:
        """Connection options for modules."""
        return {"kubeconfig": str(self.server.kubeconfig)}

    def create(self, body: Body) -> Body:
        """An object that does not exist yet."""
        kind = kinds.of(body)
        return self.client.request("POST", kind.path(body["metadata"].get("namespace")), body)

    def get(self, kind: str, name: str, namespace: str | None = None) -> Body:
        return self.client.get(kinds.kind(kind).path(namespace, name))

    def items(self, kind: str, namespace: str | None = None) -> list[Body]:
        found: list[Body] = self.client.get(kinds.kind(kind).path(namespace))["items"]
        return found

    def merge(self, kind: str, name: str, namespace: str | None, patch: Body) -> Body:
        return self.client.merge(kinds.kind(kind).path(namespace, name), patch)

    def delete(self, kind: str, name: str, namespace: str | None = None) -> None:
        self.client.request("DELETE", kinds.kind(kind).path(namespace, name))

    def remove_planes(self) -> None:
        """Takes the webhooks away, which would call a server that is gone."""
        for found in self.items("MutatingWebhookConfiguration"):
            self.delete("MutatingWebhookConfiguration", found["metadata"]["name"])

    def namespace(self, name: str, marks: Mapping[str, str] | None = None) -> str:
        """A namespace with these labels, new or from an earlier test, and with what controllers put into each."""
        self.client.ensure("/api/v1/namespaces", {"metadata": {"name": name, "labels": dict(marks or {})}})
        if self.server.controllers:
            self.until(lambda: self.exists("ConfigMap", "kube-root-ca.crt", name), f"Namespace {name} gets no root certificate.")
        return name

    def revision(self, name: str, version: str, **values: str) -> None:
        """A control plane: its Deployment, its ConfigMaps and its webhooks.

        :param values: further global values of its injector, such as C(variant).
        """
        self.injector.versions[name] = "-".join((version, *filter(None, [values.get("variant")])))
        plane = build.istiod(name, tag=version) | {"apiVersion": "apps/v1", "kind": "Deployment"}
        plane["spec"] |= {"selector": {"matchLabels": {"app": "istiod", "istio.io/rev": name}}}
        plane["spec"]["template"]["metadata"]["labels"]["sidecar.istio.io/inject"] = "false"
        plane["metadata"].pop("generation")
        status = plane.pop("status")
        self.create(plane)
        if not self.server.controllers:
            self.merge_status("Deployment", plane["metadata"]["name"], SYSTEM, {"status": status})
        suffix = "" if name == "default" else f"-{name}"
        values = {"config": "policy: enabled\n", "values": json.dumps({"global": {"tag": version, "hub": "registry.invalid", **values}})}
        self.config_map(f"istio-sidecar-injector{suffix}", name, values)
        self.config_map(f"values{suffix}", name, {"original-values": "{}", "merged-values": "{}"})
        self.create(self._webhooks(name))
        self.settled(SYSTEM, plane["metadata"]["name"])

    def tag(self, name: str, revision: str) -> None:
        """A revision tag, new or moved."""
        body = self._webhooks(revision, name)
        service = {**build.tag_service(name, revision), "apiVersion": "v1", "kind": "Service"}
        service["spec"] = {"ports": [{"port": 443, "name": "https"}], "selector": {"app": "istiod", "istio.io/rev": revision}}
        for obj in (body, service):
            kind, meta = kinds.of(obj), obj["metadata"]
            if self.exists(kind.name, meta["name"], meta.get("namespace")):
                self.client.merge(kind.path(meta.get("namespace"), meta["name"]), obj)
            else:
                self.create(obj)

    def config_map(self, name: str, revision: str, data: Mapping[str, str]) -> None:
        meta = {"name": name, "namespace": SYSTEM, "labels": {"istio.io/rev": revision}}
        self.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": dict(data)})

    def workload(
        self, namespace: str, name: str, kind: str = "Deployment", marks: Mapping[str, str] | None = None, replicas: int = 2, **spec: Any
    ) -> None:
        """A workload whose pods end without delay."""
        template = {
            "metadata": {"labels": {"app": name, **(marks or {})}, "annotations": spec.pop("annotations", {})},
            "spec": {
                "containers": [{"name": "app", "image": "registry.invalid/app:1"}],
                "terminationGracePeriodSeconds": 0,
                **spec.pop("pod", {}),
            },
        }
        body: Body = {
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": {"name": name, "namespace": namespace, "labels": {"team": "shop"}},
            "spec": {"selector": {"matchLabels": {"app": name}}, "template": template, "replicas": replicas, **spec},
        }
        if kind == "DaemonSet":
            body["spec"].pop("replicas")
        self.create(body)

    def gateway_api(self) -> None:
        """The kind Gateway of the Gateway API, without its schema."""
        group, names = "gateway.networking.k8s.io", {"plural": "gateways", "singular": "gateway", "kind": "Gateway"}
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        version = {"name": "v1", "served": True, "storage": True, "schema": schema}
        definition = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"gateways.{group}", "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"}},
            "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": [version]},
        }
        self.client.ensure(kinds.kind("CustomResourceDefinition").path(), definition)
        path = kinds.kind("Gateway").path("default")
        self.until(lambda: self.served(path), "The API server does not serve Gateways.")

    def served(self, path: str) -> bool:
        try:
            return bool(self.client.get(path))
        except ApiError:
            return False

    @staticmethod
    def until(condition: Callable[[], object], failure: str) -> None:
        """Waits for a condition."""
        until(condition, 60, lambda: failure)

    def merge_status(self, kind: str, name: str, namespace: str, patch: Body) -> None:
        self.client.merge(f"{kinds.kind(kind).path(namespace, name)}/status", patch)

    def settled(self, namespace: str, *names: str, kind: str = "Deployment") -> None:
        """Waits until the workloads have rolled."""
        from ansible_collections.meshyard.istio.plugins.module_utils._mesh import workload

        def rolled(name: str) -> bool:
            return workload.rolled_out(workload.parse(self.get(kind, name, namespace), kind)).done

        for name in names:
            until(partial(rolled, name), 60, partial(str, f"{kind} {namespace}/{name} does not roll."))

    def revisions(self, namespace: str) -> dict[str, set[str | None]]:
        """By the label C(app): the revisions of the pods that are not ending."""
        found: dict[str, set[str | None]] = {}
        for pod in self.items("Pod", namespace):
            if not pod["metadata"].get("deletionTimestamp"):
                told = (pod["metadata"].get("annotations") or {}).get("istio.io/rev")
                found.setdefault(pod["metadata"]["labels"]["app"], set()).add(told)
        return found

    def snapshot(self, *namespaces: str) -> dict[str, Any]:
        """What a run may have changed in these namespaces: for comparing before and after."""
        kept: dict[str, Any] = {}
        for namespace in namespaces:
            objects = [self.get("Namespace", namespace)]
            for kind in ("Deployment", "StatefulSet", "DaemonSet", "Service", "Lease", "ConfigMap"):
                objects += self.items(kind, namespace)
            for obj in objects:
                kept[f"{namespace}/{obj['metadata']['uid']}"] = obj["metadata"].get("generation"), written(obj)
        return kept

    def _webhooks(self, revision: str, tag: str | None = None) -> Body:
        body = build.injector(revision, tag=tag, url=self.injector.url(revision))
        for hook in body["webhooks"]:
            hook |= {"sideEffects": "None", "admissionReviewVersions": ["v1"], "timeoutSeconds": 10}
            hook["rules"] = [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}]
            hook["clientConfig"]["caBundle"] = self.injector.ca_bundle
        return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration", **body}

    def exists(self, kind: str, name: str, namespace: str | None = None) -> bool:
        try:
            return bool(self.get(kind, name, namespace))
        except ApiError as error:
            if error.status != 404:
                raise
            return False


def written(obj: Body) -> Body:
    """What clients wrote, without what controllers tell."""
    plain = copy.deepcopy({key: value for key, value in obj.items() if key != "status"})
    for key in ("resourceVersion", "managedFields", "generation"):
        plain["metadata"].pop(key, None)
    (plain["metadata"].get("annotations") or {}).pop("deployment.kubernetes.io/revision", None)
    return plain
