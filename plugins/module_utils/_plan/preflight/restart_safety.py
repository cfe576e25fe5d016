# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Findings about workloads that drop requests when they are restarted, and about pods that could not be made anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..._mesh import gateway, labels, locality, raw, rolling, workload
from ..._words import listed
from ..finding import Finding, Level
from .model import PreflightInput, Restarted, Trial


def findings(given: PreflightInput) -> Iterator[Finding]:
    """All findings of this file."""
    restarted = [one for one in given.restarted if one.workload.replicas > 0]
    yield from _interrupted(restarted)
    yield from _cutting(restarted)
    services: dict[str, list[raw.Raw]] = {}
    for service in given.evidence.services or ():
        services.setdefault(raw.namespace(service), []).append(service)
    inner = [one for one in restarted if not gateway.is_gateway(one.obj, one.workload.kind)]
    serving = [one for one in inner if _serves(one, services.get(one.workload.namespace, ()))]
    yield from _unprobed(serving)
    yield from _abrupt(serving)
    yield from _budgets(given)
    yield from (found for trial in given.trials for found in _trial(trial))


def _interrupted(restarted: Sequence[Restarted]) -> Iterator[Finding]:
    for one in restarted:
        why = _gap(one)
        if why:
            yield Finding(
                "warning",
                "interrupted",
                str(one.workload),
                f"{one.workload} does not answer for a moment when it is restarted: {why}.",
                "Give it a second replica or a rolling update with surge, or accept the gap.",
            )


def _gap(one: Restarted) -> str:
    seen = one.workload
    if seen.kind == "StatefulSet":
        return "it is a StatefulSet with one pod" if seen.replicas == 1 else ""
    if seen.update_strategy == "Recreate":
        return "its strategy is Recreate"
    return "all its pods may go before a new one is there" if rolling.may_drop(seen, one.obj) else ""


def _cutting(restarted: Sequence[Restarted]) -> Iterator[Finding]:
    for one in restarted:
        if gateway.is_gateway(one.obj, one.workload.kind) and locality.NETWORK in one.workload.template_labels and not _outlives(one):
            yield Finding(
                "warning",
                "cuts_connections",
                str(one.workload),
                f"{one.workload} passes connections between networks through, and cuts those that it has seconds after it is told to end: "
                "requests in flight over them fail.",
                f"Give its proxy the variable {labels.DRAINS} with the value true, and a terminationGracePeriodSeconds in which the "
                "waves are through; the playbook join does so where this collection installed it.",
            )


def _outlives(one: Restarted) -> bool:
    """Whether its proxy goes on until its connections have ended."""
    containers = raw.items(one.template, "spec", "containers")
    told = [each for proxy in containers for each in raw.items(proxy, "env") if each.get("name") == labels.DRAINS]
    annotated = labels.DRAINS in one.workload.template_annotations.get(labels.PROXY_CONFIG, "")
    return annotated or any(str(each.get("value")).lower() in ("true", "1") for each in told)


def _unprobed(serving: Sequence[Restarted]) -> Iterator[Finding]:
    without = [one for one in serving if not any(raw.mapping(each, "readinessProbe") for each in _programs(one))]
    yield from _by_namespace(
        without,
        "no_readiness_probe",
        "without a readiness probe: a new pod gets requests before its program answers",
        "Give a container of each a readinessProbe.",
    )


def _abrupt(serving: Sequence[Restarted]) -> Iterator[Finding]:
    without = [one for one in serving if not _waits(one)]
    yield from _by_namespace(
        without,
        "no_pre_stop",
        "with no time between leaving the endpoints and ending: callers that do not know yet still send to a pod that ends",
        "Give a container of each a preStop hook that waits some seconds, within terminationGracePeriodSeconds.",
    )


def _waits(one: Restarted) -> bool:
    """Whether a pod goes on for a while after it was told to end."""
    if raw.number(one.template, "spec", "terminationGracePeriodSeconds", default=30) == 0:
        return False
    return any(raw.mapping(each, "lifecycle", "preStop") for each in _programs(one))


def _programs(one: Restarted) -> list[raw.Raw]:
    return [each for each in raw.items(one.template, "spec", "containers") if each.get("name") != labels.PROXY_CONTAINER]


def _serves(one: Restarted, services: Sequence[raw.Raw]) -> bool:
    """Whether a Service leads to its pods.

    :param services: of its namespace.
    """
    return bool(gateway.services_of(one.workload.template_labels, one.workload.namespace, services))


def _by_namespace(found: Sequence[Restarted], code: str, what: str, remedy: str) -> Iterator[Finding]:
    """One finding for each namespace, for what holds for many workloads."""
    names: dict[str, list[workload.Workload]] = {}
    for one in found:
        names.setdefault(one.workload.namespace, []).append(one.workload)
    for namespace, seen in names.items():
        shown = listed(f"{one.kind} {one.name}" for one in seen)
        yield Finding("warning", code, f"Namespace {namespace}", f"In {namespace} are {what}: {shown}.", remedy)


def _budgets(given: PreflightInput) -> Iterator[Finding]:
    """A rollout asks no budget, but a budget that is used up now tells of a workload that cannot spare a pod."""
    touched = {member.name for member in given.touched}
    for budget in given.budgets or ():
        healthy, wanted = (raw.number(budget, "status", key) for key in ("currentHealthy", "desiredHealthy"))
        if raw.namespace(budget) in touched and healthy < wanted:
            yield Finding(
                "warning",
                "disruption_budget",
                f"PodDisruptionBudget {raw.qualified(budget)}",
                f"It asks for {wanted} healthy pods, and {healthy} are: a restart may take another one for a moment.",
                "Repair the workload first.",
            )


def _trial(trial: Trial) -> Iterator[Finding]:
    seen, name = trial.restarted.workload, str(trial.restarted.workload)
    if not trial.asked:
        yield Finding(
            "info",
            "pod_not_tried",
            name,
            f"Whether a new pod of {seen} would be admitted could not be tried by a dry run: {trial.message}.",
            "See for yourself that nothing denies it, or give the account the permission to create pods.",
        )
        return
    # Without room for another pod a rollout still goes on if it may take an old one away first.
    spared = trial.quota and rolling.missing(seen, trial.restarted.obj) > 0
    level: Level = "warning" if spared else "blocker"
    then = "its rollout can only take pods away first" if spared else "its rollout would not go on"
    yield Finding(
        level,
        "quota_blocks_surge" if trial.quota else "pod_denied",
        name,
        f"The API server refuses a new pod of {seen} now, so that {then}: {trial.message}.",
        f"Ask those who keep the {trial.by} to allow it." if trial.by else "Correct what the message names.",
    )
