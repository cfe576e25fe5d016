# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Every kind this collection touches: known here, so that no API discovery is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from .._errors import MeshyardError


@dataclass(frozen=True)
class Kind:
    """A resource type of the Kubernetes API."""

    name: str
    group: str
    version: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """The C(apiVersion) of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """The URL path of the collection, or of one object. A name that is none cannot lead to another object."""
        parts = ["apis", self.group] if self.group else ["api"]
        parts.append(self.version)
        if self.namespaced and namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=":"))
        return "/" + "/".join(parts)


def _core(name: str, plural: str, namespaced: bool = True) -> Kind:
    return Kind(name, "", "v1", plural, namespaced)


_NETWORKING = "networking.istio.io"
_GATEWAY_API = "gateway.networking.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"

ALL = (
    _core("Namespace", "namespaces", False),
    _core("Node", "nodes", False),
    _core("Pod", "pods"),
    _core("Service", "services"),
    _core("ServiceAccount", "serviceaccounts"),
    _core("Secret", "secrets"),
    _core("ConfigMap", "configmaps"),
    _core("Event", "events"),
    _core("Endpoints", "endpoints"),
    _core("ReplicationController", "replicationcontrollers"),
    _core("ResourceQuota", "resourcequotas"),
    _core("LimitRange", "limitranges"),
    _core("PersistentVolumeClaim", "persistentvolumeclaims"),
    Kind("Deployment", "apps", "v1", "deployments"),
    Kind("StatefulSet", "apps", "v1", "statefulsets"),
    Kind("DaemonSet", "apps", "v1", "daemonsets"),
    Kind("ReplicaSet", "apps", "v1", "replicasets"),
    Kind("Job", "batch", "v1", "jobs"),
    Kind("CronJob", "batch", "v1", "cronjobs"),
    Kind("HorizontalPodAutoscaler", "autoscaling", "v2", "horizontalpodautoscalers"),
    Kind("PodDisruptionBudget", "policy", "v1", "poddisruptionbudgets"),
    Kind("EndpointSlice", "discovery.k8s.io", "v1", "endpointslices"),
    Kind("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies"),
    Kind("Lease", "coordination.k8s.io", "v1", "leases"),
    Kind("Role", _RBAC, "v1", "roles"),
    Kind("RoleBinding", _RBAC, "v1", "rolebindings"),
    Kind("ClusterRole", _RBAC, "v1", "clusterroles", False),
    Kind("ClusterRoleBinding", _RBAC, "v1", "clusterrolebindings", False),
    Kind("MutatingWebhookConfiguration", _ADMISSION, "v1", "mutatingwebhookconfigurations", False),
    Kind("ValidatingWebhookConfiguration", _ADMISSION, "v1", "validatingwebhookconfigurations", False),
    Kind("ValidatingAdmissionPolicy", _ADMISSION, "v1", "validatingadmissionpolicies", False),
    Kind("ValidatingAdmissionPolicyBinding", _ADMISSION, "v1", "validatingadmissionpolicybindings", False),
    Kind("CustomResourceDefinition", "apiextensions.k8s.io", "v1", "customresourcedefinitions", False),
    Kind("Rollout", "argoproj.io", "v1alpha1", "rollouts"),
    Kind("Istio", "sailoperator.io", "v1", "istios", False),
    Kind("IstioControlPlane", "servicemesh.cisco.com", "v1alpha1", "istiocontrolplanes"),
    Kind("IstioOperator", "install.istio.io", "v1alpha1", "istiooperators"),
    Kind("Gateway", _GATEWAY_API, "v1", "gateways"),
    Kind("HTTPRoute", _GATEWAY_API, "v1", "httproutes"),
    Kind("GRPCRoute", _GATEWAY_API, "v1", "grpcroutes"),
    Kind("ReferenceGrant", _GATEWAY_API, "v1beta1", "referencegrants"),
    Kind("VirtualService", _NETWORKING, "v1", "virtualservices"),
    Kind("DestinationRule", _NETWORKING, "v1", "destinationrules"),
    Kind("ServiceEntry", _NETWORKING, "v1", "serviceentries"),
    Kind("Sidecar", _NETWORKING, "v1", "sidecars"),
    Kind("WorkloadEntry", _NETWORKING, "v1", "workloadentries"),
    Kind("WorkloadGroup", _NETWORKING, "v1", "workloadgroups"),
    Kind("IstioGateway", _NETWORKING, "v1", "gateways"),
    Kind("EnvoyFilter", _NETWORKING, "v1alpha3", "envoyfilters"),
    Kind("ProxyConfig", _NETWORKING, "v1beta1", "proxyconfigs"),
    Kind("WasmPlugin", "extensions.istio.io", "v1alpha1", "wasmplugins"),
    Kind("Telemetry", "telemetry.istio.io", "v1", "telemetries"),
    Kind("PeerAuthentication", "security.istio.io", "v1", "peerauthentications"),
    Kind("RequestAuthentication", "security.istio.io", "v1", "requestauthentications"),
    Kind("AuthorizationPolicy", "security.istio.io", "v1", "authorizationpolicies"),
)
_BY_NAME = {kind.name: kind for kind in ALL}
_BY_TYPE = {(kind.group, kind.name): kind for kind in ALL} | {(_NETWORKING, "Gateway"): _BY_NAME["IstioGateway"]}


def kind(name: str) -> Kind:
    """The kind of that name; Istio's own Gateway is called C(IstioGateway) here, for Gateway is the Gateway API's."""
    return _BY_NAME[name]


def of(obj: Mapping[str, Any]) -> Kind:
    """The kind of an object, by its C(apiVersion) and C(kind).

    :raises MeshyardError: a chart renders a kind that this collection does not know.
    """
    group = obj["apiVersion"].rpartition("/")[0]
    found = _BY_TYPE.get((group, obj["kind"]))
    if found is None:
        raise MeshyardError(
            f"The rendered object {obj['kind']} {obj['metadata']['name']} ({obj['apiVersion']}) is of a kind that is not managed here.",
            "Use the official Istio charts, or apply this object by other means.",
            code="chart_unusable",
        )
    return found
