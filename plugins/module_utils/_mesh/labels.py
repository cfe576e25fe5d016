# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Labels, annotations and fixed names by which Istio and this collection mark objects."""

from __future__ import annotations

DEFAULT = "default"
SYSTEM_NAMESPACE = "istio-system"

# Istio's own.
REV = "istio.io/rev"
TAG = "istio.io/tag"
INJECTION = "istio-injection"
DATAPLANE_MODE = "istio.io/dataplane-mode"
INJECT = "sidecar.istio.io/inject"
STATUS = "sidecar.istio.io/status"
TEMPLATES = "inject.istio.io/templates"
DEACTIVATED = "istio.io/deactivated"
GATEWAY_MANAGED = "gateway.istio.io/managed"
GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
PROXY_CONFIG = "proxy.istio.io/config"
DRAINS = "EXIT_ON_ZERO_ACTIVE_CONNECTIONS"
PROXY_CONTAINER = "istio-proxy"
PROXY_IMAGE = "sidecar.istio.io/proxyImage"
PROXY_OVERRIDES = "proxy.istio.io/overrides"
DEFAULT_VALIDATOR = "istiod-default-validator"
REMOTE_SECRET = "istio-remote-secret-"  # noqa: S105  # how names of Secrets begin

WORKLOAD_NAME = "service.istio.io/workload-name"
CANONICAL_NAME = "service.istio.io/canonical-name"

# Kubernetes' own.
NAMESPACE_NAME = "kubernetes.io/metadata.name"
APP_NAME = "app.kubernetes.io/name"
APP_INSTANCE = "app.kubernetes.io/instance"
MANAGED_BY = "app.kubernetes.io/managed-by"

# This collection's own.
KINDS = "meshyard.io/kinds"
OWNER = "meshyard.io/owner"
READER = "meshyard.io/reader-"
RELEASE_NAMESPACE = "meshyard.io/release-namespace"
RESTARTED_FOR = "meshyard.io/restarted-for"
RELEASE = "meshyard.io/release"
RELEASE_ENABLED = "meshyard.io/release-enabled"


def is_of_istio(key: str) -> bool:
    """Whether a label or annotation tells Istio something."""
    domain = key.partition("/")[0]
    return key == INJECTION or domain == "istio.io" or domain.endswith(".istio.io")
