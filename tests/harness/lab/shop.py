"""The sample shop in its smaller form: two services in two namespaces that ask each other, behind a gateway."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from tests.harness.lab.cluster import Body, LabCluster
from tests.harness.lab.settings import GATEWAY, GATEWAY_NAMESPACE, NEW, OLD

SERVICES = (("shop-web", "web", "orders.shop-orders:8080"), ("shop-orders", "orders", "web.shop-web:8080"))
NAMESPACES = tuple(namespace for namespace, _app, _asks in SERVICES)
# With one replica every answer would hang on the moment in which its only endpoint is exchanged for the next one.
REPLICAS, SURGE = 2, "100%"
PLANE = "istio.io/rev"
TEMPLATE = Path(__file__).parent / "templates" / "shop.yml.j2"


def variables(labels: Mapping[str, str], gateway: str = GATEWAY, gateway_namespace: str = GATEWAY_NAMESPACE) -> dict[str, Any]:
    """What setup.yml and its template take; C(labels) are those of the shop's namespaces."""
    return {
        "sample_services": SERVICES,
        "sample_replicas": REPLICAS,
        "sample_surge": SURGE,
        "sample_labels": dict(labels),
        "sample_gateway": gateway,
        "sample_gateway_namespace": gateway_namespace,
        "sample_old_revision": OLD,
        "sample_new_revision": NEW,
    }


def put(cluster: LabCluster, given: Mapping[str, Any]) -> None:
    """The shop in a mesh that is there already, ready to be asked."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    environment.filters |= {"to_json": json.dumps, "regex_replace": lambda text, find, new: re.sub(find, new, text)}
    source = TEMPLATE.read_text()
    cluster.apply(environment.from_string(source).render(**given, sample_image=cluster.target.image))
    for namespace, app, _asks in SERVICES:
        cluster.rolled_out(namespace, app)


def pods(cluster: LabCluster, *namespaces: str) -> list[Body]:
    """The pods of the shop and its gateway that are not on their way out."""
    places = namespaces or (*NAMESPACES, GATEWAY_NAMESPACE)
    found = [pod for place in places for pod in cluster.items("Pod", place)]
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def planes(cluster: LabCluster, *namespaces: str) -> set[str]:
    """The revisions that injected the pods of some namespaces, or of the shop and its gateway."""
    return {pod["metadata"].get("annotations", {}).get(PLANE, "none") for pod in pods(cluster, *namespaces)}
