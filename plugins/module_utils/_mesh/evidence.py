# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What was read in one cluster to decide whether a revision is still in use there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from . import gateway, plane, raw, tag, webhook
from .restart import Owners
from .syncz import Connections

List: TypeAlias = "Sequence[raw.Raw] | None"
# The kinds whose pod templates may call for a revision long after nobody thinks of them.
TEMPLATE_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob")


@dataclass(frozen=True)
class Evidence:
    """The objects of one cluster, raw. None stands for a list that could not be read, and counts as use.

    C(workloads) and C(config) are by kind. C(workloads) must have every kind of C(TEMPLATE_KINDS); C(config) has the
    kinds of Istio's and the Gateway API's configuration that the cluster knows. C(connections) is what the istiods of
    this cluster say, and C(remotes) are the clusters that its remote secrets name: both matter for a primary only.
    C(retired_too) tells that the run takes the revision's own objects away in this cluster as well. C(identity) is the ID by which
    the istiods of this cluster know it, empty where they do not tell.
    """

    cluster: str
    primary: bool = True
    namespaces: List = None
    pods: List = None
    workloads: Mapping[str, List] = field(default_factory=dict)
    config: Mapping[str, List] | None = None
    mutating_webhooks: List = None
    validating_webhooks: List = None
    services: List = None
    connections: Connections | None = None
    remotes: Sequence[str] | None = None
    owners: Owners | None = None
    retired_too: bool = True
    identity: str = ""

    @property
    def called(self) -> frozenset[str]:
        """The names by which istiods may know this cluster."""
        return frozenset({self.cluster, self.identity} - {""})

    @cached_property
    def hooks(self) -> list[webhook.Hook]:
        """The injection webhooks."""
        return webhook.hooks(self.mutating_webhooks or ())

    @cached_property
    def tags(self) -> list[tag.Tag]:
        """The revision tags."""
        return tag.tags(self.mutating_webhooks or (), self.services or ())

    @cached_property
    def planes(self) -> list[plane.ControlPlane]:
        """The control planes."""
        deployments = self.workloads.get("Deployment") or ()
        return plane.control_planes(deployments, self.mutating_webhooks or (), self.services or ())

    @cached_property
    def ending(self) -> frozenset[tuple[str, str]]:
        """Namespace and name of the pods that are being deleted."""
        return frozenset((raw.namespace(pod), raw.name(pod)) for pod in self._ending())

    @cached_property
    def draining(self) -> frozenset[tuple[str, str]]:
        """Those of them that are gateways: they pass on the connections that they have, by what they have been told."""
        return frozenset((raw.namespace(pod), raw.name(pod)) for pod in self._ending() if gateway.is_gateway(pod, "Pod"))

    def _ending(self) -> list[raw.Raw]:
        return [pod for pod in self.pods or () if raw.at(pod, "metadata", "deletionTimestamp") is not None]

    @cached_property
    def namespace_labels(self) -> dict[str, dict[str, str]]:
        """The labels of every namespace."""
        return {raw.name(namespace): raw.labels_of(namespace) for namespace in self.namespaces or ()}

    def unread(self) -> list[str]:
        """What could not be read, in words."""
        lists = {
            "namespaces": self.namespaces,
            "pods": self.pods,
            "MutatingWebhookConfigurations": self.mutating_webhooks,
            "ValidatingWebhookConfigurations": self.validating_webhooks,
            "services": self.services,
            "Istio configuration": self.config,
            **{_plural(kind): self.workloads.get(kind) for kind in {*TEMPLATE_KINDS, *self.workloads}},
            **{_plural(kind): found for kind, found in (self.config or {}).items()},
        }
        return sorted(what for what, found in lists.items() if found is None)


def _plural(kind: str) -> str:
    return f"{kind.removesuffix('y')}ies" if kind.endswith("y") and not kind.endswith("ay") else f"{kind}s"
