"""Routes to the service cart, and what an API server makes of a step."""

from __future__ import annotations

from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import host
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Object, Patch, ref_of
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release import routes
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release.target import Target
from tests.unit.plan.world import merged

CART = Target("shop", "cart", host.Service("shop", "cart"))
PAY = Target("shop", "pay", host.Service("shop", "pay"))
FQDN = "cart.shop.svc.cluster.local"


def destination(named: str = "cart", weight: int | None = None, **further: Any) -> Object:
    """A destination of a VirtualService; C(subset) and C(port) are those of the destination itself."""
    inner = {"host": named, **{key: further.pop(key) for key in ("subset", "port") if key in further}}
    return {"destination": inner, **({} if weight is None else {"weight": weight}), **further}


def backend(named: str = "cart", weight: int | None = 1, **further: Any) -> Object:
    """A backend of an HTTPRoute, as the API server fills it up."""
    return {"group": "", "kind": "Service", "name": named, "port": 80, **({} if weight is None else {"weight": weight}), **further}


def virtual_service(*http: Object, namespace: str = "shop", **spec: Any) -> Object:
    metadata = {"namespace": namespace, "name": "cart", "resourceVersion": "7"}
    whole = {"hosts": ["cart"], **({"http": list(http)} if http else {}), **spec}
    return {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": metadata, "spec": whole}


def http_route(*rules: Object, namespace: str = "shop", **spec: Any) -> Object:
    metadata = {"namespace": namespace, "name": "cart", "resourceVersion": "7"}
    whole = {"parentRefs": [{"name": "edge"}], "rules": list(rules), **spec}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata, "spec": whole}


def rule(*destinations: Object, **further: Any) -> Object:
    """A rule of a VirtualService."""
    return {"route": list(destinations), **further}


def patched(obj: Object, step: Patch | None) -> Object:
    """The object after a step; it must be the one that the step is for, as it was seen."""
    if step is None:
        return obj
    assert (step.ref, step.version) == (ref_of(obj), obj["metadata"]["resourceVersion"])
    after = merged(obj, step.patch)
    assert isinstance(after, dict)
    metadata = {**after["metadata"], "resourceVersion": str(int(step.version) + 1)}
    if not metadata.get("annotations", True):
        del metadata["annotations"]
    return {**after, "metadata": metadata}


def service(name: str = "cart", *ports: Object, **spec: Any) -> Object:
    """A Service as the API server has it; C(selector) is that of the app cart unless given."""
    given = list(ports) or [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}]
    metadata = {"namespace": "shop", "name": name, "resourceVersion": "1", "uid": "s"}
    whole = {"type": "ClusterIP", "clusterIP": "10.0.0.7", "selector": {"app": "cart"}, "ports": given, **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": whole}


def template(marks: Object | None = None, **spec: Any) -> Object:
    containers = [{"name": "app", "image": "cart:2"}]
    return {"metadata": {"labels": {"app": "cart"} if marks is None else marks}, "spec": {"containers": containers, **spec}}


def deployment(marks: Object | None = None, selector: Object | None = None, **metadata: Any) -> Object:
    """A Deployment that selects by the app cart unless given something else."""
    whole = {"namespace": "shop", "name": "cart", "resourceVersion": "3", "uid": "d", "generation": 2, **metadata}
    spec = {
        "replicas": 4,
        "paused": True,
        "minReadySeconds": 3,
        "strategy": {"rollingUpdate": {"maxSurge": 1}},
        "selector": selector or {"matchLabels": {"app": "cart"}},
        "template": template(marks),
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": whole, "spec": spec, "status": {"replicas": 4}}


def policy(kind: str, name: str = "cart", namespace: str = "shop", **spec: Any) -> Object:
    metadata = {"namespace": namespace, "name": name, "resourceVersion": "1", "uid": "p"}
    return {"apiVersion": "example.org/v1", "kind": kind, "metadata": metadata, "spec": spec}


def moved(route: Object, percent: int, target: Target = CART) -> Object:
    return patched(route, routes.reweighted(route, target, percent))


def back(route: Object, target: Target = CART) -> Object:
    return patched(route, routes.given_back(route, target))
