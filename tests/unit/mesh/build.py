"""Raw objects as the API server gives them, made as Istio's charts make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels, plane, webhook

SYSTEM = "istio-system"
NEVER = {"matchLabels": {"istio.io/deactivated": "never-match"}}


def condition(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


NO_INJECTION = condition("istio-injection", "DoesNotExist")
NO_REV = condition("istio.io/rev", "DoesNotExist")
NOT_FALSE = condition("sidecar.istio.io/inject", "NotIn", "false")


def _revision_selectors(value: str) -> dict[str, tuple[list[Any], list[Any]]]:
    follows = condition("istio.io/rev", "In", value)
    return {
        "rev.namespace.": ([follows, NO_INJECTION], [NOT_FALSE]),
        "rev.object.": ([NO_REV, NO_INJECTION], [NOT_FALSE, follows]),
    }


def _default_selectors(by_default: bool) -> dict[str, tuple[list[Any], list[Any]]]:
    found = {
        "namespace.": ([condition("istio-injection", "In", "enabled")], [NOT_FALSE]),
        "object.": ([NO_INJECTION, NO_REV], [condition("sidecar.istio.io/inject", "In", "true"), NO_REV]),
    }
    if by_default:
        system = condition("kubernetes.io/metadata.name", "NotIn", "kube-system", "kube-public", "kube-node-lease", "local-path-storage")
        found["auto."] = ([NO_INJECTION, NO_REV, system], [condition("sidecar.istio.io/inject", "DoesNotExist"), NO_REV])
    return found


def injector(
    revision: str,
    *,
    tag: str | None = None,
    namespace: str = SYSTEM,
    ca: bool = True,
    by_default: bool = False,
    deactivated: bool = False,
    url: str | None = None,
    policy: str = "Fail",
) -> dict[str, Any]:
    """The MutatingWebhookConfiguration of a revision, or of a tag that points to it."""
    selectors = _revision_selectors(tag or revision)
    if (tag or revision) == "default":
        selectors |= _default_selectors(by_default)
    service = {"name": "istiod" if revision == "default" else f"istiod-{revision}", "namespace": namespace, "path": "/inject"}
    client: dict[str, Any] = {"url": url} if url else {"service": service}
    base = f"istio-revision-tag-{tag}" if tag else "istio-sidecar-injector" + ("" if revision == "default" else f"-{revision}")
    return {
        "metadata": {
            "name": base if namespace == SYSTEM else f"{base}-{namespace}",
            "labels": {"istio.io/rev": revision, **({"istio.io/tag": tag} if tag else {})},
        },
        "webhooks": [
            {
                "name": f"{prefix}sidecar-injector.istio.io",
                "clientConfig": {**client, **({"caBundle": "Q0E="} if ca else {})},
                "namespaceSelector": NEVER if deactivated else {"matchExpressions": namespaces},
                "objectSelector": NEVER if deactivated else {"matchExpressions": objects},
                "failurePolicy": policy,
            }
            for prefix, (namespaces, objects) in selectors.items()
        ],
    }


def hooks(*configurations: Mapping[str, Any]) -> list[webhook.Hook]:
    return webhook.hooks(configurations)


def meta(name: str, namespace: str = "", marks: Mapping[str, str] | None = None, **further: Any) -> dict[str, Any]:
    return {"name": name, **({"namespace": namespace} if namespace else {}), "labels": dict(marks or {}), **further}


def namespace(name: str, marks: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {"metadata": meta(name, "", marks)}


def service(name: str, namespace: str = SYSTEM, marks: Mapping[str, str] | None = None, **selector: str) -> dict[str, Any]:
    return {"metadata": meta(name, namespace, marks), "spec": {"selector": selector}}


def tag_service(tag: str, revision: str) -> dict[str, Any]:
    return service(f"istiod-revision-tag-{tag}", marks={"istio.io/tag": tag, "istio.io/rev": revision})


def workload(
    name: str,
    namespace: str = "shop",
    template_labels: Mapping[str, str] | None = None,
    template_annotations: Mapping[str, str] | None = None,
    *,
    spec: Mapping[str, Any] | None = None,
    status: Mapping[str, Any] | None = None,
    **metadata: Any,
) -> dict[str, Any]:
    """A workload whose rollout is complete, unless told otherwise."""
    template = {
        "metadata": {"labels": dict(template_labels or {"app": name}), "annotations": dict(template_annotations or {})},
        "spec": {"containers": [{"name": "app", "image": f"hub/{name}:1"}]},
    }
    complete = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
    return {
        "metadata": {**meta(name, namespace), "generation": 1, **metadata},
        "spec": {"replicas": 1, "template": template, **(spec or {})},
        "status": {**complete, **(status or {})},
    }


def istiod(revision: str, namespace: str = SYSTEM, *, ready: int = 1, tag: str = "1.32.0", **metadata: Any) -> dict[str, Any]:
    """The Deployment of a control plane."""
    name = "istiod" if revision == "default" else f"istiod-{revision}"
    marks = {"app": "istiod", "istio.io/rev": revision}
    found = workload(name, namespace, marks, status={"readyReplicas": ready, "availableReplicas": ready})
    found["spec"]["template"]["spec"]["containers"] = [{"name": "discovery", "image": f"hub/pilot:{tag}"}]
    found["metadata"] |= {"labels": {**marks, **metadata.pop("labels", {})}, **metadata}
    return found


def planes(*deployments: Mapping[str, Any], webhooks: Sequence[Mapping[str, Any]] = ()) -> list[plane.ControlPlane]:
    return plane.control_planes(deployments, webhooks)


def pod(
    name: str,
    namespace: str = "shop",
    *,
    revision: str | None = None,
    version: str = "1.32.0",
    native: bool = False,
    owner: tuple[str, str] | None = None,
    marks: Mapping[str, str] | None = None,
    phase: str = "Running",
    ready: bool = True,
    **metadata: Any,
) -> dict[str, Any]:
    """A pod, with a proxy if a revision injected it."""
    app = [{"name": "app", "image": "hub/app:1"}]
    proxy = [{"name": "istio-proxy", "image": f"hub/proxyv2:{version}", "args": ["proxy", "sidecar"]}] if revision else []
    annotations = {labels.REV: revision} if revision else {}
    references = [{"apiVersion": "apps/v1", "kind": owner[0], "name": owner[1], "controller": True}] if owner else []
    metadata.setdefault("annotations", annotations)
    return {
        "metadata": {**meta(name, namespace, marks), "ownerReferences": references, **metadata},
        "spec": {"containers": app if native else [*app, *proxy], "initContainers": proxy if native else []},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": "True" if ready else "False"}]},
    }
