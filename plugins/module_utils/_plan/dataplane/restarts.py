# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What becomes of each workload of a namespace: which are right already, which are restarted, and which nobody can restart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..._mesh import injection, labels, proxies, raw, restart, verdict, workload
from ..._mesh.verdict import Target
from ..._mesh.workload import Workload
from ..objects import merge_patch
from ..objects.steps import Object, Patch, ref_of
from . import previous_labels
from .previous_labels import Labels

_AUTOMATIC_IMAGE = "auto"
_PAUSED = "changes of it wait for a release again"

Status = Literal["restarted", "already", "pending", "automatic", "left", "not_restartable"]


@dataclass(frozen=True)
class WorkloadPlan:
    """What becomes of one workload.

    :ivar target: what its pods are to have; None where nobody asks.
    :ivar status: C(automatic) follows by itself, C(left) is moved by other means, C(pending) would be restarted.
    :ivar step: the patch of it, if any. :ivar closing: the patch once it has rolled: of a Deployment that is paused between releases.
    :ivar mark: what its pods will carry once it is restarted.
    :ivar waits: whether its rollout has to be waited for.
    :ivar decision: what a new pod of it gets; None where that was not asked.
    :ivar template: the labels of its pod template that are to change.
    """

    workload: Workload
    target: Target | None
    status: Status
    reason: str = ""
    step: Patch | None = None
    closing: Patch | None = None
    mark: str = ""
    waits: bool = False
    decision: injection.Decision | None = None
    template: Labels = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """Namespace, kind and name."""
        return self.workload.namespace, self.workload.kind, self.workload.name

    @property
    def steps(self) -> tuple[Patch, ...]:
        """Its patches, in their order."""
        return tuple(step for step in (self.step, self.closing) if step)

    @property
    def moved(self) -> bool:
        """Whether its pods must all come to the target now."""
        return self.target is not None and self.status not in ("not_restartable", "pending", "left")

    def describe(self) -> dict[str, Any]:
        """The workload as it is returned."""
        return {"kind": self.workload.kind, "name": self.workload.name, "status": self.status, "reason": self.reason}


@dataclass(frozen=True)
class Change:
    """What a workload is to become.

    :ivar mark: what a restart is for.
    :ivar template: labels of its pod template that change. :ivar pod: further parts of the template, as a merge patch.
    :ivar record: annotations of the workload itself that change.
    :ivar fresh: whether labels change in this run, so that pods which carry the mark already are of an earlier time.
    :ivar restart: whether pods may be replaced. :ivar wait: whether somebody waits until they are.
    """

    target: Target
    mark: str
    template: Labels
    record: Labels
    fresh: bool = False
    restart: bool = True
    wait: bool = True
    pod: Object = field(default_factory=dict)


def own_proxy_image(obj: raw.Raw) -> bool:
    """Whether a pod template brings the image of its proxy itself, so that the injector's version says nothing."""
    template = workload.pod_template(obj, raw.text(obj, "kind"))
    given = [one for one in raw.items(template, "spec", "containers") if one.get("name") == labels.PROXY_CONTAINER]
    return any(raw.text(one, "image") not in ("", _AUTOMATIC_IMAGE) for one in given)


def decide(obj: raw.Raw, pods: Iterable[raw.Raw], change: Change) -> WorkloadPlan:
    """What becomes of a Deployment, StatefulSet or DaemonSet with these live pods."""
    seen = workload.parse(obj)
    target = replace(change.target, version="") if own_proxy_image(obj) else change.target
    live = list(pods)
    wrong = [pod for pod in live if not _settled(pod, target, change.mark)]
    mark = _mark(seen, wrong, change)
    if not (change.template or change.pod) and mark is None:
        return _unrestarted(obj, seen, target, change, bool(wrong))
    obstacle = restart.restartable(seen)
    if obstacle:
        return WorkloadPlan(seen, target, "not_restartable", obstacle)
    if not change.restart:
        return WorkloadPlan(seen, target, "pending", f"{seen} is to be restarted, and restarting is switched off.")
    mark = mark or change.mark
    template: Object = {"template": _template(change, mark), **({"paused": False} if seen.paused else {})}
    step = _patch(obj, template, f"restart for {mark}", change.record)
    closing = _pause(obj) if seen.release_enabled and change.wait else None
    return WorkloadPlan(seen, target, "restarted", _why(len(wrong), len(live), change), step, closing, mark, waits=True)


def _unrestarted(obj: raw.Raw, seen: Workload, target: Target, change: Change, wrong: bool) -> WorkloadPlan:
    """What becomes of a workload that needs no restart; one whose last restart was cut short has still to be paused."""
    rolled = workload.rolled_out(seen).done
    under_way = _bare(seen.restarted_for) == change.mark and not rolled
    resumed = seen.release_enabled and not seen.paused
    spec: Object = {"paused": True} if resumed and rolled else {}
    step = _patch(obj, spec, _PAUSED if spec else f"{previous_labels.ANNOTATION} is no longer needed", change.record)
    closing = _pause(obj) if resumed and not rolled and change.wait else None
    waits = under_way or wrong or closing is not None
    return WorkloadPlan(seen, target, "already", step=step, closing=closing, mark=seen.restarted_for, waits=waits)


def _pause(obj: raw.Raw) -> Patch:
    """The patch after a rollout. It is made whatever the version, for whoever sends it looks at the object before."""
    return Patch(ref_of(obj), {"spec": {"paused": True}}, merge_patch.MANAGER, {"spec": {"paused": False}}, "", _PAUSED)


def _settled(pod: raw.Raw, target: Target, mark: str) -> bool:
    """Whether a pod is right; one that does not tell its version is so if it was made for this restart."""
    if not verdict.is_right(pod, target):
        return False
    return verdict.is_certain(pod, target) or _bare(raw.annotations_of(pod).get(labels.RESTARTED_FOR, "")) == mark


def rolling(obj: raw.Raw, target: Target, reason: str) -> WorkloadPlan:
    """What becomes of a workload that is new, or whose template another step changes: it is waited for."""
    seen = workload.parse(obj)
    return WorkloadPlan(seen, target, "restarted", reason, mark=seen.restarted_for, waits=True)


def _mark(seen: Workload, wrong: list[raw.Raw], change: Change) -> str | None:
    """The mark that a restart needs, or None where none is due.

    A mark that is there already tells that the restart was asked for: by a run that was killed, say. Pods that carry it
    and still are wrong were made while labels were others; they need another mark. But a pod that stays without a proxy
    in spite of it would stay so after any number of restarts: that is for the proof to tell.
    """
    present = seen.restarted_for
    if _bare(present) != change.mark:
        return change.mark if wrong or _outdated(present, change.mark) else None
    spoilt = [pod for pod in wrong if raw.annotations_of(pod).get(labels.RESTARTED_FOR) == present]
    if spoilt and (change.fresh or any(proxies.proxy_of(pod) for pod in spoilt)):
        return _next(present)
    return None


def _outdated(present: str, wanted: str) -> bool:
    """Whether it was restarted for the same revision and version, but with other values."""
    return "+" in present and present.partition("+")[0] == wanted.partition("+")[0]


def _bare(mark: str) -> str:
    return mark.partition("/")[0]


def _next(mark: str) -> str:
    bare, _slash, number = mark.partition("/")
    return f"{bare}/{int(number) + 1 if number.isdigit() else 2}"


def _why(wrong: int, total: int, change: Change) -> str:
    revision = change.target.revision
    if wrong:
        return f"{wrong} of {total} pods {f'not on {revision}' if revision else 'with a sidecar'}"
    return "its pod template changes" if change.template or change.pod else f"the values of {revision} changed since its last restart"


def _template(change: Change, mark: str) -> Object:
    """What changes in the pod template, mark included."""
    meta: Object = dict(change.pod.get("metadata") or {})
    if change.template:
        meta["labels"] = {**(meta.get("labels") or {}), **change.template}
    meta["annotations"] = {**(meta.get("annotations") or {}), labels.RESTARTED_FOR: mark}
    return {**change.pod, "metadata": meta}


def _patch(obj: raw.Raw, spec: Object, reason: str, record: Labels) -> Patch | None:
    """One patch for all: the pod template with the mark, whether it is paused, and the record of what was."""
    patch: Object = {}
    if record:
        patch["metadata"] = {"annotations": dict(record)}
    if spec:
        patch["spec"] = spec
    if not patch:
        return None
    return Patch(
        ref_of(obj), patch, merge_patch.MANAGER, merge_patch.restricted(obj, patch), raw.text(obj, "metadata", "resourceVersion"), reason
    )
