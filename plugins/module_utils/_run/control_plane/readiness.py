# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Looking at a control plane until it is ready, with what it shows when it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..._cluster import errors, kinds, read, write
from ..._cluster.connect import Cluster
from ..._cluster.wait import Pending, Ready, TimedOut
from ..._mesh import reduced, workload
from ..._mesh.revision import Names
from ..._plan.control_plane import readiness
from ..._plan.objects.steps import Object, Ref
from ..dataplane import diagnosis

_PROBE_MANAGER = "meshyard-probe"


@dataclass
class Injection:
    """A dry run of a pod: the judge of whether the API server, the webhooks and istiod work together.

    :ivar asks_for: the revision or tag in the pod's label. :ivar expected: the revision that must inject it.
    :ivar image: an image that the cluster admits. :ivar warn: told once when no namespace allows the proof.
    """

    cluster: Cluster
    namespace: str
    asks_for: str
    expected: str
    image: str
    warn: Callable[[str], None]
    _namespaces: list[str] | None = field(default=None, init=False)

    def missing(self) -> str:
        """What is not as it should be, in words; empty when the pod was injected, or when that cannot be tried."""
        if self._namespaces is None and self._is_injected_beside_the_plane():
            return ""
        if self._namespaces is None:
            found = read.objects(self.cluster, kinds.kind("Namespace"), metadata_only=True, reduced=reduced.of("Namespace"))
            self._namespaces = readiness.probe_namespaces(found, self.namespace)
        while self._namespaces:
            try:
                return self._in(self._namespaces[0])
            except errors.ApiError as error:
                if error.status not in (403, 404, 422):
                    return f"a test pod to be injected: {error.message}"
                self._namespaces.pop(0)
        self.warn(
            f"No namespace of cluster {self.cluster.name} admits a test pod (dry run), so that injection by {self.asks_for} is not proven."
        )
        return ""

    def _is_injected_beside_the_plane(self) -> bool:
        """Whether the pod is injected in the control plane's own namespace, which mostly answers the question at once.

        Not for a tag, of which a label of that namespace would say nothing.
        """
        try:
            return self.asks_for == self.expected and not self._in(self.namespace)
        except errors.ApiError:
            return False

    def _in(self, namespace: str) -> str:
        body = readiness.probe_pod(namespace, self.asks_for, self.image)
        revision, image = readiness.injected_by(write.create(self.cluster, body, _PROBE_MANAGER, dry_run=True))
        if revision == self.expected and image:
            return ""
        got = f"is injected by {revision}" if revision else "is not injected"
        return f"a test pod to be injected by {self.expected}: labelled {self.asks_for} in namespace {namespace} it {got}"


def injection(cluster: Cluster, names: Names, targets: Iterable[Object], warn: Callable[[str], None]) -> Injection | None:
    """The proof that a revision injects; None where it is not to: its webhook is not rendered, or leaves the pods to a tag."""
    known = {(obj["kind"], obj["metadata"]["name"]): obj for obj in targets}
    configuration = known.get(("MutatingWebhookConfiguration", names.mutating_webhook))
    deployment = known.get(("Deployment", names.istiod))
    if configuration is None or deployment is None or any("namespaceSelector" not in hook for hook in configuration["webhooks"]):
        return None
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    return Injection(cluster, names.namespace, names.revision, names.revision, image, warn)


def look(cluster: Cluster, refs: Iterable[Ref]) -> list[readiness.Component]:
    """The present state of these objects, one request each."""
    refs = list(refs)
    return readiness.components(refs, {ref: obj for ref in refs if (obj := _get(cluster, ref)) is not None})


def observe(
    cluster: Cluster, refs: Iterable[Ref], injection: Injection | None, seen: list[readiness.Component] | None = None
) -> Callable[[], Pending | Ready[list[readiness.Component]]]:
    """The condition that a wait asks for: every component is available, and then a test pod is injected.

    :param seen: the components as they are at first, where that is known.
    """
    refs, looks = list(refs), iter([seen])

    def look_once() -> Pending | Ready[list[readiness.Component]]:
        parts = next(looks, None) or look(cluster, refs)
        missing = readiness.missing(parts) or (injection.missing() if injection else "")
        return Pending(missing) if missing else Ready(parts)

    return look_once


def explain(cluster: Cluster, refs: Iterable[Ref], problem: TimedOut) -> None:
    """Adds to a wait that ran out what the cluster shows: the state of every component, and why istiod's pods do not start."""
    live = {ref: obj for ref in refs if (obj := _get(cluster, ref)) is not None}
    parts = readiness.components(refs, live)
    problem.facts["components"] = [part.describe() for part in parts]
    problem.facts["ready"] = False
    for ref, obj in live.items():
        if ref.kind == "Deployment" and not (rolled := workload.rolled_out(workload.parse(obj))).done:
            report = diagnosis.report(cluster, workload.parse(obj), rolled.why)
            problem.facts["evidence"] = report
            repeated = f"{report['kind']} {report['namespace']}/{report['name']}: {report['why']}."
            problem.problem += diagnosis.sentence(report).removeprefix(repeated)


def _get(cluster: Cluster, ref: Ref) -> Object | None:
    return read.get(cluster, kinds.kind(ref.kind), ref.name, ref.namespace or None)
