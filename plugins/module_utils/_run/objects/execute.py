# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Carrying out a plan, step by step, and saying what was done when one fails."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from ..._cluster import errors, kinds, read, write
from ..._cluster.connect import Cluster
from ..._errors import MeshyardError
from ..._plan.objects import adoption
from ..._plan.objects.steps import Adopt, Apply, Create, Delete, Object, Patch, Plan, Step, action, describe
from ..._words import sentences

_ATTEMPTS = 5
_UNSTABLE = ("resourceVersion", "generation")


def confirm(cluster: Cluster, plan: Plan, warn: Callable[[str], None]) -> Plan:
    """Leaves out each apply that the server, asked by a dry run, says would change nothing.

    Only objects that exist and look different are asked for. An account that may not do a dry run gets the prediction and a warning.
    """
    confirmed: list[Step] = []
    for step in plan:
        if isinstance(step, Apply) and step.live is not None:
            try:
                after = write.apply(cluster, step.body, step.manager, dry_run=True)
            except errors.ApiError as error:
                if error.code != "forbidden":  # an admission webhook that denies answers 403 as well
                    raise
                warn(f"{step.ref} on cluster {cluster.name}: no permission for a dry run, so the change is a prediction.")
            else:
                if _stable(after) == _stable(step.live):
                    continue
        confirmed.append(step)
    return tuple(confirmed)


def rehearse(cluster: Cluster, plan: Plan, warn: Callable[[str], None], *, check: bool = False) -> None:
    """Asks the API server by dry runs, before the first write, whether it would take every patch and every new object.

    Someone may deny one of several: an admission policy, a webhook, a quota. Then none is written.

    :param check: the account may be one that only reads: a missing permission is told then.
    :raises MeshyardError: it would not take one; who denies it is named.
    """
    refused = [(step, error) for step in plan if (error := _refusal(cluster, step, plan)) is not None]
    for step, error in refused:
        if _untried(error, check=check):
            warn(f"{step.ref} on cluster {cluster.name} could not be tried by a dry run: {error.message.rstrip('.')}.")
    final = [one for one in refused if not _untried(one[1], check=check)]
    if final:
        raise _denied(cluster, final, len(plan))


def _refusal(cluster: Cluster, step: Step, plan: Plan) -> errors.ApiError | None:
    """What the API server says to a step, None where it takes it, or where it is not asked."""
    try:
        if isinstance(step, Patch):
            kind = kinds.of({"apiVersion": step.ref.api_version, "kind": step.ref.kind, "metadata": {"name": step.ref.name}})
            write.merge(cluster, kind, step.ref.namespace or None, step.ref.name, step.patch, step.manager, dry_run=True)
        elif isinstance(step, Apply) and step.live is None and not _makes_namespace(plan, step.ref.namespace):
            write.apply(cluster, step.body, step.manager, dry_run=True)
        elif isinstance(step, Create) and not _makes_namespace(plan, step.ref.namespace):
            write.create(cluster, step.body, step.manager, dry_run=True)
    except errors.ApiError as error:
        return None if error.status == 404 else error  # it went away meanwhile, or what it needs comes with the plan
    return None


def _untried(error: errors.ApiError, *, check: bool) -> bool:
    """Whether a dry run says nothing of the change: a webhook takes no dry runs, or the account of check mode only reads."""
    return (error.status == 400 and "dry run" in error.message) or (check and error.code == "forbidden")


def _makes_namespace(plan: Plan, namespace: str) -> bool:
    return any((step.ref.kind, step.ref.name) == ("Namespace", namespace) for step in plan)


def _denied(cluster: Cluster, refused: Sequence[tuple[Step, errors.ApiError]], total: int) -> MeshyardError:
    first = refused[0][1]
    reasons = sentences(f"{step.ref}: {error.message.rstrip('.')}." for step, error in refused)
    return MeshyardError(
        f"Cluster {cluster.name} would refuse {len(refused)} of {total} changes, so that none was made. {reasons}",
        first.remedy,
        code=first.code,
        denials=[{**describe(step), "by": str(error.denial or ""), "message": error.message} for step, error in refused],
    )


def execute(cluster: Cluster, plan: Plan, *, check: bool = False, tell: Callable[[str], None] = lambda _line: None) -> list[dict[str, Any]]:
    """Carries out the steps in order and returns their descriptions; in check mode only the descriptions.

    :raises MeshyardError: with the steps that were done (C(done)) when one fails.
    """
    done: list[dict[str, Any]] = []
    for position, step in enumerate(plan, 1):
        if not check:
            tell(f"{position}/{len(plan)} {action(step)} {step.ref}")
            try:
                _carry_out(cluster, step)
            except MeshyardError as problem:
                problem.facts |= {"done": done, "changed": bool(done)}
                if done:
                    problem.remedy += f" {position - 1} of {len(plan)} steps were done before; running again goes on from there."
                raise
        done.append(describe(step))
    return done


def _carry_out(cluster: Cluster, step: Step) -> None:
    kind = kinds.of({"apiVersion": step.ref.api_version, "kind": step.ref.kind, "metadata": {"name": step.ref.name}})
    namespace = step.ref.namespace or None
    if isinstance(step, Create):
        _create(cluster, step)
    elif isinstance(step, Apply):
        write.apply(cluster, step.body, step.manager)
    elif isinstance(step, Patch):
        patch = copy.deepcopy(step.patch)
        if step.version:
            patch.setdefault("metadata", {})["resourceVersion"] = step.version
        write.merge(cluster, kind, namespace, step.ref.name, patch, step.manager)
    elif isinstance(step, Adopt):
        _adopt(cluster, kind, step)
    elif isinstance(step, Delete):
        write.delete(cluster, kind, namespace, step.ref.name, uid=step.uid or None)


def _create(cluster: Cluster, step: Create) -> None:
    try:
        write.create(cluster, step.body, step.manager)
    except errors.ApiError as error:
        if error.reason != "AlreadyExists":  # made since it was looked for: the apply that follows settles it
            raise


def _adopt(cluster: Cluster, kind: kinds.Kind, step: Adopt) -> None:
    """Moves field ownership on the object as it is now: controllers write its status all the time, and each write outdates a move."""
    namespace = step.ref.namespace or None
    for attempt in range(_ATTEMPTS):
        live = read.get(cluster, kind, step.ref.name, namespace)
        patch = adoption.patch(live, step.body, step.manager) if live is not None else None
        if patch is None:
            return
        try:
            write.merge(cluster, kind, namespace, step.ref.name, patch, adoption.MANAGER)
        except errors.ApiError as error:
            if error.status != 409 or attempt == _ATTEMPTS - 1:
                raise
        else:
            return


def _stable(obj: Object) -> Object:
    meta = {key: value for key, value in obj["metadata"].items() if key not in _UNSTABLE}
    meta["managedFields"] = [{key: value for key, value in entry.items() if key != "time"} for entry in meta.get("managedFields") or ()]
    return {**{key: value for key, value in obj.items() if key not in ("metadata", "apiVersion", "kind")}, "metadata": meta}
