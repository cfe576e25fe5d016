"""A control plane on a real cluster, installed twice: the second time nothing is to be done. Each program has a cluster begun anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench import measure
from bench.measure import Measured
from lab.paths import CHARTS, chart, manifests, program
from tests.harness.lab import audit, target
from tests.harness.lab.planes import istio_operator
from tests.harness.lab.settings import OLD, OLD_VERSION
from tests.harness.lab.target import Target

CLUSTER, SYSTEM = "central", "istio-system"


@dataclass(frozen=True)
class Twice:
    """The same thing done twice.

    :ivar agent: how the user agent of its requests begins.
    """

    agent: str
    first: Sequence[Measured]
    again: Sequence[Measured]

    def seconds(self, again: bool = False) -> float:
        return round(sum(one.seconds for one in (self.again if again else self.first)), 2)

    def requests(self, log: Path) -> int:
        """Those of the second time."""
        return sum(one.requests(log, self.agent) for one in self.again)


def run(folder: Path) -> dict[str, Any]:
    """The figures of installing and of doing nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {name: _on_new_cluster(folder / name, install) for name, install in _PROGRAMS.items()}
    own, istioctl, helm = (found[name] for name in ("collection", "istioctl", "helm"))
    return {
        "install": {"seconds": own["seconds"], "istioctl_seconds": istioctl["seconds"], "helm_seconds": helm["seconds"]},
        "noop": {
            "requests": own["requests"],
            "seconds": own["noop_seconds"],
            "istioctl_requests": istioctl["requests"],
            "istioctl_seconds": istioctl["noop_seconds"],
            "helm_requests": helm["requests"],
            "helm_seconds": helm["noop_seconds"],
            "time_ratio_istioctl": measure.ratio(own["noop_seconds"], istioctl["noop_seconds"]),
        },
    }


def _on_new_cluster(folder: Path, install: Callable[[Target, Path], Twice]) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    target.run_lab("down", "--clusters", CLUSTER)
    try:
        where = target.of_lab(CLUSTER, folder)
        twice = install(where, folder)
        assert where.audit_log is not None
        return {"seconds": twice.seconds(), "noop_seconds": twice.seconds(again=True), "requests": twice.requests(where.audit_log)}
    finally:
        target.run_lab("down", "--clusters", CLUSTER)


def _by_collection(where: Target, _folder: Path) -> Twice:
    common = {"kubeconfig": where.kubeconfig, "context": where.context, "version": OLD_VERSION}
    common |= {"chart_repo_url": str(CHARTS), "binary_path": str(program("helm"))}

    def once() -> list[Measured]:
        return [
            measure.module("istio_base", **common)[0],
            measure.module("istio_revision", revision=OLD, values=target.istiod_values(), **common)[0],
        ]

    return Twice(audit.COLLECTION, once(), once())


def _by_istioctl(where: Target, folder: Path) -> Twice:
    operator = folder / "operator.yml"
    operator.write_text(yaml.safe_dump(istio_operator(OLD_VERSION, {}, profile="minimal", revision=OLD)))
    command = [str(program("istioctl")), "--kubeconfig", where.kubeconfig, "--context", str(where.context), "install", "-y"]
    command += ["--manifests", str(manifests(OLD_VERSION)), "-f", str(operator)]
    return Twice("istioctl", [measure.program(command)], [measure.program(command)])


def _by_helm(where: Target, folder: Path) -> Twice:
    values = folder / "values.yml"
    values.write_text(yaml.safe_dump({**target.istiod_values(), "revision": OLD}))
    helm = [str(program("helm")), "--kubeconfig", where.kubeconfig, "--kube-context", str(where.context), "upgrade", "--install"]
    place = ["-n", SYSTEM, "--create-namespace", "--wait"]

    def once() -> list[Measured]:
        return [
            measure.program([*helm, "istio-base", str(chart("base", OLD_VERSION)), *place, "--set", f"defaultRevision={OLD}"]),
            measure.program([*helm, f"istiod-{OLD}", str(chart("istiod", OLD_VERSION)), *place, "-f", str(values)]),
        ]

    return Twice("Helm", once(), once())


_PROGRAMS = {"collection": _by_collection, "istioctl": _by_istioctl, "helm": _by_helm}
