"""Meshes as Helm and istioctl make them: the sources of an upgrade that the collection did not install."""

from __future__ import annotations

from typing import Any

import yaml

from lab.paths import IMAGE_HUB, chart, manifests
from tests.harness.lab.cluster import LabCluster
from tests.harness.lab.settings import GATEWAY, GATEWAY_NAMESPACE, OLD_VERSION
from tests.harness.lab.target import istiod_values

SYSTEM = "istio-system"


def by_helm(cluster: LabCluster, revision: str = "", *, release: str = "", version: str = OLD_VERSION, **extra: Any) -> None:
    """A control plane by `helm install`, and the base chart before the first one.

    :param revision: empty for the unrevisioned one. :param extra: further values of the istiod chart.
    """
    if cluster.get("CustomResourceDefinition", "sidecars.networking.istio.io") is None:
        default = ["--set", f"defaultRevision={revision or 'default'}"]
        cluster.run("helm", "install", "istio-base", str(chart("base", version)), "-n", SYSTEM, "--create-namespace", *default)
    name = release or ("istiod" + (f"-{revision}" if revision else ""))
    given = yaml.safe_dump({**istiod_values(), **extra, "revision": revision})
    cluster.run("helm", "install", name, str(chart("istiod", version)), "-n", SYSTEM, "--wait", "-f", "-", given=given)


def gateway_by_helm(cluster: LabCluster, revision: str = "", *, version: str = OLD_VERSION) -> None:
    """The shop's gateway by `helm install`."""
    arguments = [
        "-n",
        GATEWAY_NAMESPACE,
        "--create-namespace",
        "--set",
        f"revision={revision},autoscaling.enabled=false,imagePullPolicy=IfNotPresent",
    ]
    cluster.run("helm", "install", GATEWAY, str(chart("gateway", version)), "--wait", *arguments)


def by_istioctl(cluster: LabCluster, version: str = OLD_VERSION) -> None:
    """A control plane and an ingress gateway in its namespace by `istioctl install`."""
    path = cluster.work / "istio-operator.yaml"
    gateways = {"istio-ingressgateway": {"autoscaleEnabled": False}}
    path.write_text(yaml.safe_dump(istio_operator(version, {"gateways": gateways}, profile="default")))
    cluster.run("istioctl", "install", "-y", "--manifests", str(manifests(version)), "-f", str(path))


def istio_operator(version: str, further: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """What `istioctl install` reads to make the istiod of the lab.

    :param further: values besides those of istiod. :param spec: fields besides those that each has.
    """
    given = istiod_values()
    mesh = given.pop("meshConfig")
    pilot = {key: given.pop(key) for key in ("env", "replicaCount", "resources", "autoscaleEnabled") if key in given}
    whole = {**spec, "hub": IMAGE_HUB, "tag": version, "meshConfig": mesh, "values": {**given, "pilot": pilot, **further}}
    return {"apiVersion": "install.istio.io/v1alpha1", "kind": "IstioOperator", "spec": whole}
