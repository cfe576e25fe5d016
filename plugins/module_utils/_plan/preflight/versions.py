# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Findings about versions: of Istio, of Kubernetes, and of the parts that a cluster has once for all control planes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..._charts import versions
from ..._errors import MeshyardError
from ..._mesh import image, raw, workload
from ..finding import Finding
from .model import PreflightInput

_CNI = "istio-cni-node"


def findings(given: PreflightInput) -> Iterator[Finding]:
    """All findings of this file."""
    new = _version(given.route.to_version)
    if new is None:
        return
    yield from _refusal("version_unsupported", f"Istio {new}", lambda: versions.check_supported(new))
    yield from _kubernetes(given, new)
    yield from _step(given, new)
    yield from _cni(given, new)


def _kubernetes(given: PreflightInput, new: versions.Version) -> Iterator[Finding]:
    running = _version(given.kubernetes)
    if running is None:
        return
    warning = ""

    def check() -> None:
        nonlocal warning
        warning = versions.check_kubernetes(new, running) or ""

    yield from _refusal("kubernetes_unsupported", f"Kubernetes {running}", check)
    if warning:
        remedy = "Try the upgrade on such a cluster that nobody needs."
        yield Finding("warning", "kubernetes_unseen", f"Kubernetes {running}", warning, remedy)


def _step(given: PreflightInput, new: versions.Version) -> Iterator[Finding]:
    if given.route.old is None:
        return
    old = _version(given.route.from_version)
    what = f"revision {given.route.from_revision}"
    if old is None:
        yield Finding(
            "warning",
            "version_unknown",
            what,
            f"The version of revision {given.route.from_revision} ({given.route.from_version or 'none told'}) says nothing about the step.",
            "See for yourself that Istio allows it: a canary may go up by two minor versions.",
        )
        return
    in_place = given.route.in_place
    yield from _refusal("version_jump", what, lambda: versions.check_step(old, new, in_place=in_place, rollback=in_place))
    if in_place and new < old:
        remedy = "See that this is meant: it is the way back from an upgrade in place. CRDs stay as they are."
        yield Finding("warning", "goes_back", what, f"The version goes back from {old} to {new}.", remedy)


def _cni(given: PreflightInput, new: versions.Version) -> Iterator[Finding]:
    for obj in given.evidence.workloads.get("DaemonSet") or ():
        if raw.name(obj) != _CNI:
            continue
        shown = [image.version(one) for one in workload.parse(obj, "DaemonSet").images]
        running = next((found for found in map(_version, shown) if found), None)
        too_old = running is not None and (running.major, running.minor + 1) < (new.major, new.minor)
        said = f"DaemonSet {raw.qualified(obj)} ({running or 'of an unknown version'}) serves all control planes and is not upgraded here"
        if too_old:
            remedy = f"Upgrade istio-cni to a version of {new.major}.{new.minor - 1} first."
            yield Finding("blocker", "istio_cni", f"DaemonSet {raw.qualified(obj)}", f"{said}, and is too old for Istio {new}.", remedy)
        else:
            remedy = "Upgrade it by its own chart after the old control plane is retired."
            yield Finding("info", "istio_cni", f"DaemonSet {raw.qualified(obj)}", f"{said}.", remedy)


def _refusal(code: str, what: str, check: Callable[[], object]) -> Iterator[Finding]:
    try:
        check()
    except MeshyardError as refused:
        remedy = refused.remedy.replace(f"{versions.OVERRIDE}=true", "canary_upgrade_force=true")
        yield Finding("blocker", code, what, refused.problem, remedy)


def _version(text: str) -> versions.Version | None:
    try:
        return versions.parse(text)
    except MeshyardError:
        return None
