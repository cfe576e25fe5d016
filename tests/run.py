"""Runs the checks and tests of this repository, two stages at a time, and says at the end what each of them came to.

Usage: python3 tests/run.py [STAGE ...]. Without names every stage runs. Standard library only: it also installs the rest.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = str(ROOT / ".venv" / "bin" / "python")
AT_ONCE = 2
CAUSES = 6
"""Lines repeated below the table for each stage that failed: whoever keeps the end of the output only sees why."""
SKIPPED = 77
"""The exit status by which a stage says that this machine lacks something that it does without."""

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


STAGES = (
    Stage("setup", (sys.executable, "tests/environment.py", ".venv", "requirements-dev.txt"), needs=()),
    Stage("prepare", (PYTHON, "-m", "lab.prepare"), minutes=40, only_with="lab/prepare.py"),
    Stage("ruff", (PYTHON, "-m", "ruff", "check", ".")),
    Stage("format", (PYTHON, "-m", "ruff", "format", "--check", ".")),
    Stage("types", (PYTHON, "-m", "tests.static.types")),
    Stage("imports", (PYTHON, "-m", "tests.static.imports")),
    Stage("istio-tables", (PYTHON, "-m", "tests.static.istio_tables", "--check"), ("prepare",)),
    Stage("unit", (PYTHON, "-m", "pytest", "tests/unit")),
    Stage("ansible-lint", (PYTHON, "-m", "tests.static.ansible_lint")),
    Stage("package", (PYTHON, "-m", "tests.static.package")),
    Stage("sanity", (PYTHON, "-m", "tests.static.sanity")),
    Stage("other-python", (sys.executable, "tests/other_python.py")),
    Stage("apiserver", (PYTHON, "-m", "pytest", "tests/apiserver", *BY_TWO), ("prepare",), 30, "tests/apiserver"),
    Stage("lab", (PYTHON, "-m", "pytest", "tests/lab"), ("prepare",), 60, "tests/lab", alone=True),
)
GROUPS = {"lint": ("ruff", "format", "types", "imports", "ansible-lint")}


@dataclass
class Outcome:
    """How a stage ended."""

    stage: Stage
    result: str = "not run"
    seconds: float = 0.0
    note: str = ""
    said: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return self.result in ("passed", "skipped")


class Processes:
    """The processes of the stages under way, so that none outlives this program."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()

    def run(self, stage: Stage) -> Outcome:
        """Run one stage to its end, its output shown line by line under its name."""
        outcome, began = Outcome(stage), time.monotonic()
        process = self._start(stage)
        reader = threading.Thread(target=show_lines, args=(process, outcome), daemon=True)
        reader.start()
        try:
            status = process.wait(stage.minutes * 60)
        except subprocess.TimeoutExpired:
            end([process])
            status, outcome.note = process.wait(), f"ended after its {stage.minutes:g} minutes"
        # Not longer: a process that the stage left behind may hold the other end of the pipe.
        reader.join(5)
        with self._lock:
            self._running.discard(process)
        outcome.seconds = time.monotonic() - began
        outcome.result = {0: "passed", SKIPPED: "skipped"}.get(status, "FAILED")
        return outcome

    def _start(self, stage: Stage) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            stage.command,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        with self._lock:
            self._running.add(process)
        return process

    def end_all(self) -> None:
        with self._lock:
            end(list(self._running))


def end(processes: list[subprocess.Popen[str]]) -> None:
    """Ask stages and their children to end, and make them end when they have not after 20 seconds."""
    deadline = time.monotonic() + 20
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))


def show_lines(process: subprocess.Popen[str], outcome: Outcome) -> None:
    """Say what a stage says, and keep what belongs in the summary."""
    with process.stdout or io.StringIO() as lines:
        for line in lines:
            say(f"{outcome.stage.name:>12} | {line.rstrip()}")
            outcome.note = noteworthy(line) or outcome.note
            outcome.said.append(line.rstrip())


def say(line: str) -> None:
    """One line, whole, whichever thread says it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def noteworthy(line: str) -> str:
    """The part of a line that belongs in the summary: pytest's counts, or why a stage was skipped."""
    counts = re.search(r"\d+ (passed|failed|error)[^=]*?(?= in [\d.]+s)", line)
    if counts:
        return counts.group()
    return line.removeprefix("SKIPPED: ").strip() if line.startswith("SKIPPED: ") else ""


def causes(said: list[str]) -> list[str]:
    """The lines that tell best why a stage failed, each once: errors where it names any, else its last words."""
    telling = [line for line in said if re.match(r"(E  +|error: |ERROR|FAILED|\[WARNING\])", line.strip())]
    once = list(dict.fromkeys(line.strip()[:220] for line in telling or said if line.strip()))
    return once[:CAUSES] if telling else once[-CAUSES:]


def run_all(stages: Iterable[Stage], processes: Processes) -> list[Outcome]:
    """Run the stages in their order as far as what they need has passed; a failure does not stop the others."""
    outcomes = {stage.name: Outcome(stage) for stage in stages}
    pending, under_way = list(outcomes), dict[Future[Outcome], str]()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            while pending or under_way:
                for name in startable(pending, under_way.values(), outcomes):
                    pending.remove(name)
                    under_way[pool.submit(processes.run, outcomes[name].stage)] = name
                if not under_way:
                    break  # what is left needs a stage that failed
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    outcomes[under_way.pop(future)] = future.result()
        except KeyboardInterrupt:
            processes.end_all()
            raise
    return list(outcomes.values())


def startable(pending: list[str], under_way: Iterable[str], outcomes: dict[str, Outcome]) -> list[str]:
    """The stages to start now, in their order."""
    busy = list(under_way)
    chosen: list[str] = []
    for name in pending:
        stage = outcomes[name].stage
        beside = busy + chosen
        if len(beside) >= AT_ONCE or any(outcomes[other].stage.alone for other in beside) or (stage.alone and beside):
            continue
        if all(outcomes[need].good for need in stage.needs if need in outcomes):
            chosen.append(name)
    return chosen


def summary(outcomes: list[Outcome], seconds: float) -> bool:
    """Print what came of it; true when all is well."""
    say(f"\n{'stage':<14}{'result':<9}{'seconds':>8}")
    for outcome in outcomes:
        say(f"{outcome.stage.name:<14}{outcome.result:<9}{outcome.seconds:>8.1f}  {outcome.note}".rstrip())
    bad = [outcome.stage.name for outcome in outcomes if not outcome.good]
    for outcome in outcomes:
        for line in [] if outcome.good else causes(outcome.said):
            say(f"{outcome.stage.name}: {line}")
    say("")
    say(f"FAILED: {', '.join(bad)}" if bad else f"PASSED: all {len(outcomes)} stages in {seconds:.0f} seconds")
    return not bad


def chosen_stages(names: list[str]) -> list[Stage]:
    """The stages named, and `setup` before them; all that have something to do when none is named."""
    wanted = {part for name in names for part in GROUPS.get(name, (name,))}
    if wanted:
        wanted.add("setup")
    return [stage for stage in STAGES if (stage.name in wanted if wanted else (ROOT / stage.only_with).exists())]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=", ".join([*GROUPS, *(s.name for s in STAGES)]))
    names = parser.parse_args().stages
    unknown = sorted(set(names) - set(GROUPS) - {stage.name for stage in STAGES})
    if unknown:
        parser.error(f"no such stage: {', '.join(unknown)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    try:
        outcomes = run_all(chosen_stages(names), Processes())
    except KeyboardInterrupt:
        say("INTERRUPTED: the stages under way were ended")
        return 130
    return 0 if summary(outcomes, time.monotonic() - began) else 1


if __name__ == "__main__":
    sys.exit(main())
