# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What decides about new pods of a cluster: its control planes, their webhooks, and what each revision gives a pod."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..._mesh import image, injection, labels, raw, restart, tag, webhook
from ..._mesh.maker import Maker
from ..._mesh.plane import ControlPlane
from ..._mesh.policy import DEFAULT_POLICY, Policy
from ..._mesh.verdict import Target
from ..._mesh.workload import Progress
from ..._words import listed

# The mark of a workload that was restarted to lose its sidecar.
OUT = "none"


@dataclass(frozen=True)
class Injector:
    """What a revision gives the pods it injects.

    C(image) and C(version) are those of its proxies, C(fingerprint) a hash of its values and templates; all are empty where
    its configuration cannot be read. On a cluster that another one's istiod serves they are those of the values that the chart
    was rendered with there.
    """

    version: str = ""
    fingerprint: str = ""
    policy: Policy = DEFAULT_POLICY
    image: str = ""


@dataclass(frozen=True)
class Mesh:
    """The control planes of one cluster with their webhooks, tags and injectors by revision."""

    planes: tuple[ControlPlane, ...] = ()
    hooks: tuple[webhook.Hook, ...] = ()
    tags: tuple[tag.Tag, ...] = ()
    injectors: Mapping[str, Injector] = field(default_factory=dict)

    def decide(
        self,
        namespace: str,
        namespace_labels: Mapping[str, str],
        pod_labels: Mapping[str, str],
        pod_annotations: Mapping[str, str] | None = None,
        host_network: bool = False,
    ) -> injection.Decision:
        """The revision that the proxy of a new pod with these labels belongs to, in a namespace with those."""
        return injection.desired(
            namespace_labels,
            pod_labels,
            self.hooks,
            namespace,
            self.planes,
            pod_annotations=pod_annotations,
            host_network=host_network,
            policies={revision: injector.policy for revision, injector in self.injectors.items()},
        )

    def target(self, revision: str | None, version: str = "") -> Target:
        """What a pod of this revision has; of None: no sidecar.

        :param version: that is asked of its proxy; without it that of the revision.
        """
        given = self.injectors.get(revision or "", Injector())
        agrees = not version or image.may_be(given.image, version)
        return Target(revision, version or given.version, given.image if agrees else "")

    def mark(self, revision: str | None) -> str:
        """What a workload is restarted for that comes to this revision."""
        if revision is None:
            return OUT
        injector = self.injectors.get(revision, Injector())
        return restart.mark(revision, injector.version, injector.fingerprint)

    def resolve(self, name: str) -> str:
        """The revision of a tag, else the name itself."""
        return tag.resolve(name, self.tags)

    @property
    def choose_revision(self) -> str:
        """What to do about a revision or tag that is not there: the sentence names those that are."""
        known = listed(sorted({plane.revision for plane in self.planes} | {one.name for one in self.tags})) or "none"
        return f"Install the revision or tag and wait until it is ready, or name one of those that are there: {known}."

    def planned(self, revisions: Iterable[str]) -> Mesh:
        """This mesh with revisions that do not exist yet, as the official chart would make them."""
        known = {plane.revision for plane in self.planes}
        new = [name for name in dict.fromkeys(revisions) if name not in known and self.resolve(name) == name]
        hooks = webhook.hooks([_configuration(name) for name in new])
        return replace(self, planes=(*self.planes, *map(_plane, new)), hooks=(*self.hooks, *hooks))


def _plane(revision: str) -> ControlPlane:
    return ControlPlane(
        revision=revision,
        namespace=labels.SYSTEM_NAMESPACE,
        location="remote",
        version="",
        image="",
        deployment="",
        service=f"istiod-{revision}",
        replicas=0,
        ready=0,
        generation=0,
        observed_generation=0,
        rollout=Progress(True, False, ""),
        made_by=Maker("meshyard"),
        webhook="ready",
    )


def _configuration(revision: str) -> raw.Raw:
    """The injection webhooks of a revision as the official chart makes them."""
    client = {
        "caBundle": "planned",
        "service": {"namespace": labels.SYSTEM_NAMESPACE, "name": f"istiod-{revision}", "path": "/inject"},
    }
    ours = {"key": labels.REV, "operator": "In", "values": [revision]}
    not_out = {"key": labels.INJECT, "operator": "NotIn", "values": ["false"]}
    unlabelled = [{"key": key, "operator": "DoesNotExist"} for key in (labels.REV, labels.INJECTION)]
    by_namespace = _hook("rev.namespace", client, [ours, unlabelled[1]], [not_out])
    by_pod = _hook("rev.object", client, unlabelled, [not_out, ours])
    return {
        "metadata": {"name": f"istio-sidecar-injector-{revision}", "labels": {labels.REV: revision}},
        "webhooks": [by_namespace, by_pod],
    }


def _hook(name: str, client: Any, namespaces: list[Any], pods: list[Any]) -> dict[str, Any]:
    return {
        "name": f"{name}.{webhook.INJECTOR}",
        "clientConfig": client,
        "failurePolicy": "Fail",
        "namespaceSelector": {"matchExpressions": namespaces},
        "objectSelector": {"matchExpressions": pods},
    }
