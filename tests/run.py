"""Runs the checks and tests of this repository, two stages at a time, and says at the end what each of them came to.

Usage: python3 -m tests.run [STAGE ...]. Without names every stage runs. Standard library only: it also installs the rest.
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

from tests.environment import ROOT, SKIPPED
from tests.stages import GROUPS, STAGES, Stage, chosen_stages

AT_ONCE = 2
CAUSES = 6
"""Lines repeated below the table for each stage that failed: whoever keeps the end of the output only sees why."""


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
            env=_environment(),
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


def _environment() -> dict[str, str]:
    """What stages inherit; not that Python keeps no bytecode, for Ansible starts it anew for each module."""
    return {**{key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}, "PYTHONUNBUFFERED": "1"}


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
            say(f"{outcome.stage.name:>14} | {line.rstrip()}")
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
                skip(pending, outcomes)
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


def skip(pending: list[str], outcomes: dict[str, Outcome]) -> None:
    """Skips every stage that needs one that was skipped."""
    for name in list(pending):
        needed = [outcomes[need] for need in outcomes[name].stage.needs if need in outcomes]
        missing = next((outcome for outcome in needed if outcome.result == "skipped"), None)
        if missing:
            pending.remove(name)
            outcomes[name].result, outcomes[name].note = "skipped", missing.note


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
    say(f"\n{'stage':<16}{'result':<9}{'seconds':>8}")
    for outcome in outcomes:
        say(f"{outcome.stage.name:<16}{outcome.result:<9}{outcome.seconds:>8.1f}  {outcome.note}".rstrip())
    bad = [outcome.stage.name for outcome in outcomes if not outcome.good]
    for outcome in outcomes:
        for line in [] if outcome.good else causes(outcome.said):
            say(f"{outcome.stage.name}: {line}")
    say("")
    say(f"FAILED: {', '.join(bad)}" if bad else f"PASSED: all {len(outcomes)} stages in {seconds:.0f} seconds")
    return not bad


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
