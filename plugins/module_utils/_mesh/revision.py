# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Revisions and tags: which names are possible, and how the objects of a revision are called."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .._errors import InvalidOption, MeshyardError
from . import labels

# The longest names that follow from them, istiod-REVISION-remote and istiod-revision-tag-TAG, are Services: 63 in all.
LONGEST_LABEL = 63
LONGEST_REVISION = 63 - len("istiod--remote")
LONGEST_TAG = 63 - len("istiod-revision-tag-")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def revision_name(version: str) -> str:
    """The default revision of a version: C(1-32-0) for C(1.32.0) and C(v1.32.0), C(1-32-0-rc-1) for C(1.32.0-rc.1)."""
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"^v(?=\d)", "", version.lower())).strip("-")


def check_revision(name: str) -> None:
    """Refuse a revision name that Kubernetes would refuse later, in the name of some object.

    :raises MeshyardError: not a DNS-1123 label, or too long for the names of its Services.
    """
    _check("revision", name, LONGEST_REVISION)


def check_tag(name: str, revisions: Iterable[str] = ()) -> None:
    """Refuse a tag name that is not possible, or that a revision has already.

    :raises MeshyardError: not a DNS-1123 label, too long, or the name of a revision other than C(default).
    """
    _check("tag", name, LONGEST_TAG)
    if name != labels.DEFAULT and name in revisions:
        raise MeshyardError(f"The tag {name} has the name of a revision.", "Choose another name for the tag.", code="revision_is_tag")


def check_cluster(name: str) -> None:
    """Refuse a cluster name that istiod does not take.

    :raises MeshyardError: not a DNS-1123 label, or too long.
    """
    _check("cluster name", name, LONGEST_LABEL)


def _check(what: str, name: str, longest: int) -> None:
    if not _LABEL.fullmatch(name):
        raise InvalidOption(
            f"The {what} {name!r} is not a DNS label.",
            "Use lower-case letters, digits and dashes, with a letter or digit at both ends, such as 1-32-0.",
        )
    if len(name) > longest:
        raise InvalidOption(f"The {what} {name} has {len(name)} characters.", f"Use at most {longest}.")


def suffixed(base: str, revision: str) -> str:
    """The name of an object of a revision: C(istiod-1-32-0), but C(istiod) for the unrevisioned plane."""
    return base if revision in ("", labels.DEFAULT) else f"{base}-{revision}"


@dataclass(frozen=True)
class Names:
    """The names of the objects that the istiod chart renders for one revision in one namespace."""

    revision: str
    namespace: str = labels.SYSTEM_NAMESPACE

    @property
    def istiod(self) -> str:
        """Deployment, Service, ServiceAccount, Role, RoleBinding and HorizontalPodAutoscaler."""
        return suffixed("istiod", self.revision)

    @property
    def mesh_config(self) -> str:
        """The ConfigMap with the keys C(mesh) and C(meshNetworks)."""
        return suffixed("istio", self.revision)

    @property
    def injector(self) -> str:
        """The ConfigMap with the injection templates."""
        return suffixed("istio-sidecar-injector", self.revision)

    @property
    def values(self) -> str:
        """The ConfigMap with the Helm values that the plane was made with."""
        return suffixed("values", self.revision)

    @property
    def mutating_webhook(self) -> str:
        """The MutatingWebhookConfiguration; outside C(istio-system) it also carries the namespace."""
        return self._in_namespace(suffixed("istio-sidecar-injector", self.revision))

    @property
    def validating_webhook(self) -> str:
        """The ValidatingWebhookConfiguration for configuration labelled with the revision."""
        return f"{suffixed('istio-validator', self.revision)}-{self.namespace}"

    @property
    def cluster_roles(self) -> tuple[str, ...]:
        """The ClusterRoles, and the ClusterRoleBindings of the same names."""
        bases = ("istiod-clusterrole", "istiod-gateway-controller", "istio-reader-clusterrole")
        return tuple(f"{suffixed(base, self.revision)}-{self.namespace}" for base in bases)

    def tag_webhook(self, name: str) -> str:
        """The MutatingWebhookConfiguration of a tag of this plane."""
        return self._in_namespace(f"istio-revision-tag-{name}")

    def tag_service(self, name: str) -> str:
        """The Service of a tag of this plane."""
        return f"istiod-revision-tag-{name}"

    def _in_namespace(self, name: str) -> str:
        return name if self.namespace == labels.SYSTEM_NAMESPACE else f"{name}-{self.namespace}"
