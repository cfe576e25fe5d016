# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""One phase of a release, from the options of the module to its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..._cluster.connect import Cluster
from ..._errors import MeshyardError
from ..._mesh import raw, release
from ..._mesh.release import BEFORE_PROMOTION
from ..._plan.dataplane.selectors import LabelChange
from ..._plan.objects.steps import Patch, Step
from ..._plan.release import beginning, refusals, routes
from ..._plan.release.model import Observed, Place, Request
from ..._plan.release.stages import is_refused, stages
from ..._run.dataplane import selectors
from ..._run.objects import execute
from ..._run.release import carry_out as carrying
from ..._run.release import evidence, read, template, waits
from ..._words import listed
from .. import peers
from ..module import Run


def carry_out(run: Run) -> None:
    """Brings the Deployment to the state that is asked for, and ends the module."""
    places = _places(run)
    first = read.observed(places, run.params["state"])
    request = _request(run, first)
    _refuse_elsewhere(run, first, request)
    findings = _findings(run, first, request)
    _rehearse(run, places, first, request)
    logs = evidence.logs(run.cluster, first.canary) if request.state == "aborted" else []
    progress = _carried_out(run, places, first, request)
    plan = tuple(progress.steps)
    refused = request.state == "prepared" and not request.retry_refused and first.record is None and is_refused(first, request)
    seen = [routes.describe(one, first.target) for one in first.routes]
    run.answer(plan, refused=refused, release=_release(first, plan), routes=seen, findings=findings, logs=logs)


def _places(run: Run) -> read.Places:
    config = run.peer("config_cluster") if run.params["config_cluster"] else run.cluster
    params = run.params
    return read.Places(run.cluster, config, params["namespace"], params["name"], params["service"] or "", params["control_plane_namespace"])


def _request(run: Run, first: Observed) -> Request:
    params = run.params
    wanted = template.wanted(run.cluster, first.stable, params["image"], params["container"], params["patch"])
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Request(
        params["state"],
        params["weight"] or 0,
        wanted,
        params["policy_gap"],
        run.holder,
        now,
        tuple(params["verdicts"]),
        params["retry_refused"],
    )


def _refuse_elsewhere(run: Run, first: Observed, request: Request) -> None:
    """Returns unless another cluster has the Service, whose pods would go on with the old version under the same name.

    :raises MeshyardError: one does.
    """
    if not _takes_traffic(first, request):
        return
    service = first.target.service
    found = [one.name for one in peers.connected(run) if read.has_service(one, service.namespace, service.name)]
    if found:
        raise MeshyardError(
            f"{service} is on {listed(found)}, too, and one service for all of the mesh, but that is not in this release.",
            "Release it on all of its clusters together, in one run.",
            code="service_elsewhere",
        )


def _takes_traffic(first: Observed, request: Request) -> bool:
    """Whether this brings pods of the new version to more traffic, or the Deployment to it."""
    record = first.record
    if record is None:
        return request.state == "prepared"
    grows = request.state == "promoted" or (request.state in ("scaled", "weight") and request.weight > record.weight)
    return grows and record.phase in BEFORE_PROMOTION


def _findings(run: Run, first: Observed, request: Request) -> list[dict[str, Any]]:
    """What is found before a release begins; warnings are Ansible's too."""
    if request.state != "prepared" or first.record is not None:
        return []
    _refuse_losses(run, first, request)
    found = refusals.findings(first, request)
    for one in found:
        if one.level == "warning":
            run.warn(f"{one.message} {one.remedy}".strip())
    return [one.describe(run.cluster.name) for one in found]


def _rehearse(run: Run, places: read.Places, first: Observed, request: Request) -> None:
    """Asks the API servers before the first write of a release whether they would take all of its beginning."""
    if request.state == "prepared" and first.record is None:
        for stage in stages(first, request):
            cluster = places.config if stage.place == "config" else places.workload
            execute.rehearse(cluster, stage.steps, run.warn, check=run.check)


def _refuse_losses(run: Run, first: Observed, request: Request) -> None:
    """Returns unless the new template has other labels, by which something would not select the pods any more."""
    before, template = raw.labels_of(first.running or first.template), beginning.judged_template(first, request)
    change = LabelChange(str(first.target), first.target.namespace, before, raw.labels_of(template))
    around = {first.target.namespace: first.namespace_labels}
    selectors.refuse_losses(run.cluster, [change] if change.keys else [], around, first.root, run.warn)


def _carried_out(run: Run, places: read.Places, first: Observed, request: Request) -> carrying.Progress:
    looks = iter([first])

    def look() -> Observed:
        """The first look was made before the Lease was asked for, and is the cheapest one."""
        return next(looks, None) or read.observed(places, request.state)

    clusters: Mapping[Place, Cluster] = {"workload": places.workload, "config": places.config}
    waiting = waits.waiting(run, float(run.params["drain_seconds"]), float(run.params["min_ready_seconds"]))
    with run.writing(places.namespace):
        return carrying.carry_out(run, clusters, look, request, waiting)


def _release(first: Observed, plan: Sequence[Step]) -> dict[str, Any] | None:
    """The release after these steps: as the last patch of the Deployment says, or as it was."""
    record = first.record
    for step in plan:
        marks = raw.mapping(step.patch, "metadata", "annotations") if isinstance(step, Patch) else {}
        if release.RECORD in marks:
            text = marks[release.RECORD]
            record = release.of({"metadata": {"annotations": {release.RECORD: text}}}) if text else None
    return record.describe() if record else None
