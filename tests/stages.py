"""The stages of `make test`: what each runs, what it needs, and how long it may take."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from tests.environment import ROOT

PYTHON = str(ROOT / ".venv" / "bin" / "python")
BY_TWO = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
"""Two processes of pytest, each with servers of its own; the tests of a file stay together, for they share what they found."""


@dataclass(frozen=True)
class Stage:
    """One command.

    :ivar needs: stages that must have passed before it; a stage left out by the user or by `only_with` does not count.
    :ivar minutes: how long it may take.
    :ivar only_with: a path without which there is nothing to do yet.
    :ivar alone: whether nothing may run beside it.
    """

    name: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ("setup",)
    minutes: float = 10
    only_with: str = "."
    alone: bool = False


PURE = tuple(f"tests/unit/{name}" for name in ("bench", "charts", "demo", "mesh", "plan"))
"""Tests of what knows nothing of Ansible: the same for each of its versions with one Python."""


def with_ansible(version: str, *left_out: str) -> tuple[Stage, ...]:
    """What runs with another Ansible than the one of `.venv`: all that is quick, and one run of each module.

    :param left_out: unit tests that say nothing of that Ansible.
    """
    ignored = tuple(f"--ignore={path}" for path in ("tests/unit/lab", *left_out))
    python, setup = str(ROOT / f".venv-{version}" / "bin" / "python"), f"setup-{version}"
    smoke = (python, "-m", "pytest", "tests/apiserver", "-m", "smoke")
    return (
        Stage(setup, (sys.executable, "tests/environment.py", version), needs=()),
        Stage(f"unit-{version}", (python, "-m", "pytest", "tests/unit", *ignored), (setup,)),
        Stage(f"package-{version}", (python, "-m", "tests.static.package"), (setup,)),
        Stage(f"sanity-{version}", (python, "-m", "tests.static.sanity"), (setup,), 20),
        Stage(f"smoke-{version}", smoke, (setup, "prepare"), 20, "tests/apiserver"),
    )


# The oldest one runs with the Python of `.venv`.
OLDEST, NEWEST = with_ansible("2.16", *PURE), with_ansible("2.21")
STAGES = (
    Stage("setup", (sys.executable, "tests/environment.py"), needs=()),
    Stage("prepare", (PYTHON, "-m", "lab.prepare"), minutes=40, only_with="lab/prepare.py"),
    Stage("ruff", (PYTHON, "-m", "ruff", "check", ".")),
    Stage("format", (PYTHON, "-m", "ruff", "format", "--check", ".")),
    Stage("types", (PYTHON, "-m", "tests.static.types")),
    Stage("imports", (PYTHON, "-m", "tests.static.imports")),
    Stage("istio-tables", (PYTHON, "-m", "tests.static.istio_tables", "--check"), ("prepare",)),
    Stage("unit", (PYTHON, "-m", "pytest", "tests/unit")),
    Stage("ansible-lint", (PYTHON, "-m", "tests.static.ansible_lint")),
    Stage("package", (PYTHON, "-m", "tests.static.package")),
    Stage("sanity", (PYTHON, "-m", "tests.static.sanity"), minutes=20),
    # After the other packages of Debian, for it may unpack some too.
    Stage("browser", (PYTHON, "-m", "pytest", "tests/browser"), ("prepare",), 10, "tests/browser"),
    *OLDEST,
    *NEWEST,
    Stage("apiserver", (PYTHON, "-m", "pytest", "tests/apiserver", *BY_TWO), ("prepare",), 40, "tests/apiserver"),
    Stage("lab", (PYTHON, "-m", "pytest", "tests/lab"), ("prepare",), 60, "tests/lab", alone=True),
)
GROUPS = {
    "lint": ("ruff", "format", "types", "imports", "ansible-lint"),
    "ansible-2.16": tuple(stage.name for stage in OLDEST),
    "ansible-2.21": tuple(stage.name for stage in NEWEST),
}


def chosen_stages(names: list[str]) -> list[Stage]:
    """The stages named, and the `setup` of each before them; all that have something to do when none is named."""
    wanted = {part for name in names for part in GROUPS.get(name, (name,))}
    if wanted:
        wanted |= {need for stage in STAGES if stage.name in wanted for need in stage.needs if need.startswith("setup")}
    due = {stage.name for stage in STAGES if (ROOT / stage.only_with).exists()}
    return [stage for stage in STAGES if stage.name in (wanted or due)]
