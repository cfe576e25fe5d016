# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""A run as a reader follows it: its phase, its waves, what each host does, and what it came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ..module_utils._words import listed
from . import progress_lines
from .progress_lines import PASSED, TROUBLE, Line, Result, Title

_MOST_HOSTS = 8
Clock = Callable[[], float]


@dataclass
class _Activity:
    """What a host does: since when, and what its module told last."""

    since: float
    told: str = ""


@dataclass
class _Series:
    """Waves or steps that come one after the other: files that a loop includes."""

    file: str
    labels: list[str] = field(default_factory=list)
    now: int = -1
    phase: str = ""
    troubled: bool = False

    def find(self, text: str) -> int:
        """Which of them a task is about; -1 for none."""
        return next((place for place, label in enumerate(self.labels) if text == label or text.endswith(f" {label}")), -1)

    def line(self, done: int) -> list[Line]:
        """How far it is; nothing for a series of one."""
        return [progress_lines.series(done, self.labels)] if len(self.labels) > 1 else []

    def end(self) -> list[Line]:
        """What is said when something else comes: all of it is done, unless it ended before."""
        return self.line(len(self.labels)) if self.now == len(self.labels) - 1 and not self.troubled else []


class Run:
    """Takes events as they come, and gives the lines that they become.

    :param clock: seconds that only grow.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun = clock()
        self._task, self._headed, self._quiet = Title("", ""), True, False
        self._phase, self._since = "", self._begun
        self._phases: Counter[str] = Counter()
        self._task_since = self._begun
        self._series: list[_Series] = []
        self._moved: list[Line] = []
        self._including = False
        self._active: dict[str, _Activity] = {}
        self._verdicts: dict[str, Counter[str]] = {}
        self._failures: dict[str, Result] = {}
        self._shown_failures: dict[tuple[str, str], str] = {}

    def play(self, name: str, hosts: Sequence[str], *, check: bool = False) -> list[Line]:
        """A play begins."""
        done = self._leave_phase("", self._clock())
        self._series.clear()
        self._active.clear()
        on = f", on {listed(hosts)}" if hosts else ""
        return [*done, Line(""), Line(f"PLAY {name}{on}{' (check mode: nothing is written)' if check else ''}", "heading")]

    def task(self, name: str, *, handler: bool = False, quiet: bool = False) -> None:
        """A task begins; its name is shown before the first line that it has to show.

        :param quiet: whether somebody else writes to the terminal while it runs.
        """
        found = progress_lines.title(name)
        self._task = Title(found.phase, f"{found.text} (handler)") if handler else found
        self._headed, self._including, self._quiet = False, False, quiet
        self._task_since = self._clock()
        self._shown_failures.clear()
        self._moved += self._move_on()

    def at(self, name: str) -> None:
        """A host has come to the end of a task while others are at another one."""
        found = progress_lines.title(name)
        if found != self._task:
            self._task, self._headed = found, False

    def included(self, file: str, label: str) -> None:
        """A loop includes a file for one more item; all of them come before the first task of any."""
        if not label:
            return
        if not (self._including and self._series and self._series[-1].file == file):
            self._series.append(_Series(file))
        if label not in self._series[-1].labels:  # hosts that include different files are told one after the other
            self._series[-1].labels.append(label)
        self._including = True

    def started(self, host: str) -> None:
        """A host begins the task."""
        self._active[host] = _Activity(self._clock())

    @property
    def hosts(self) -> Collection[str]:
        """Those that work on a task now."""
        return list(self._active)

    def told(self, host: str, text: str) -> list[Line]:
        """A module tells what it waits for."""
        activity = self._active.setdefault(host, _Activity(self._clock()))
        activity.told = text
        return [*self.heading(), progress_lines.waiting(host, text, self._clock() - activity.since)]

    def took(self, host: str) -> float:
        """How long a host has worked on the task, or on this item of it."""
        return self._clock() - self._active[host].since if host in self._active else 0.0

    def item(self, host: str, result: Result | None) -> list[Line]:
        """One item of a task has ended.

        :param result: None where nothing is to be shown of it.
        """
        lines = self._shown(host, result) if result else []
        self._active[host] = _Activity(self._clock())
        return lines

    def ended(self, host: str, result: Result | None) -> list[Line]:
        """A task has ended on a host."""
        lines = self._shown(host, result) if result else []
        self._active.pop(host, None)
        return lines

    def heading(self) -> list[Line]:
        """The phase and the name of the task, unless they were shown."""
        if self._headed:
            return []
        done = [line for line in self._moved if line.tone == "ok"]
        now = [line for line in self._moved if line.tone != "ok"][-1:]
        self._headed, self._moved = True, []
        whole = f"{self._task.phase} | {self._task.text}" if self._task.within else self._task.text
        return [*done, *self._enter_phase(), *now, Line(whole or "(a task without a name)")]

    def live(self, width: int) -> str:
        """What happens now, in one line that a terminal shows until the next one; empty where nothing is to be shown."""
        if not self._active or self._quiet:
            return ""
        now = self._clock()
        doing = sorted(self._active.items(), key=lambda each: (not each[1].told, each[1].since))
        texts = [f"[{host}]{f' {one.told}' if one.told else ''}{progress_lines.took(now - one.since)}" for host, one in doing]
        at = self._member()
        gauge = f"{progress_lines.gauge(at.now, len(at.labels))} " if at else ""
        text = f"{gauge}{self._task.text}: {listed(texts, '; ', _MOST_HOSTS)}"
        return text if len(text) < width else f"{text[: max(width - 4, 0)]}..."

    def summary(self, numbers: Mapping[str, Mapping[str, int]]) -> list[Line]:
        """The end: each cluster in few lines, and what took how long.

        :param numbers: of tasks by outcome, by host.
        """
        lines = [
            *self._leave_phase("", self._clock()),
            Line(""),
            Line(f"SUMMARY after {progress_lines.duration(self._clock() - self._begun)}", "heading"),
        ]
        width = max((len(host) for host in numbers), default=0)
        for host, counted in sorted(numbers.items()):
            lines += [progress_lines.counts(host, width, counted), *self._notes(host, counted)]
        spent = [f"{name} {progress_lines.duration(seconds)}" for name, seconds in self._phases.items()]
        return [*lines, *([Line(f"phases: {listed(spent, most=len(spent))}")] if spent else [])]

    def _notes(self, host: str, counted: Mapping[str, int]) -> list[Line]:
        """What was judged on a host, and what ended its run."""
        verdicts = self._verdicts.get(host, Counter())
        judged = listed(f"{number} {verdict}" for verdict, number in verdicts.items())
        lines = [Line(f"  gates: {judged}", "ok" if set(verdicts) == {PASSED} else "failed")] if verdicts else []
        failure = self._failures.get(host)
        if failure and (counted.get("failures") or counted.get("unreachable")):
            lines += [Line(f"  {failure.status}: {failure.message.splitlines()[0]}", "failed"), *progress_lines.remedy(failure.values)]
        return lines

    def _shown(self, host: str, result: Result) -> list[Line]:
        heading = self.heading()
        failed = result.status in TROUBLE and not result.ignored
        if result.verdict:
            self._verdicts.setdefault(host, Counter())[result.verdict] += 1
        for one in self._series if failed or result.verdict not in ("", PASSED) else ():
            one.troubled = True
        if failed:
            self._failures[host] = result
        if result.status in TROUBLE:
            first = self._shown_failures.setdefault((result.message, result.details), host)
            if first != host:
                return [*heading, Line(f"  {result.status}: [{result.host}] the same as on {first}", "failed")]
        return [*heading, *progress_lines.of_result(result)]

    def _enter_phase(self) -> list[Line]:
        """Another phase begins with the first task that has something to show in it."""
        phase = self._task.phase
        if self._task.within or phase == self._phase:
            return []
        done = self._leave_phase(phase, self._task_since)
        return [*done, *([Line(""), Line(f"PHASE {phase}", "heading")] if phase else [])]

    def _leave_phase(self, phase: str, now: float) -> list[Line]:
        """Another phase begins, or none: what took its time is noted, and a series that is at its end ends."""
        if self._phase:
            self._phases[self._phase] += int(now - self._since)
        over = [one for one in self._series if one.phase == self._phase and one.now == len(one.labels) - 1]
        self._series = [one for one in self._series if one not in over]
        self._phase, self._since = phase, now
        return [line for one in over for line in one.end()]

    def _member(self) -> _Series | None:
        """The innermost series that the task is in."""
        return next((one for one in reversed(self._series) if one.now >= 0 and len(one.labels) > 1), None)

    def _move_on(self) -> list[Line]:
        """How far the waves are, when the next one begins."""
        for depth in range(len(self._series) - 1, -1, -1):
            found = self._series[depth]
            place = found.find(self._task.text)
            if place < 0:
                continue
            done = [line for one in self._series[depth + 1 :] for line in one.end()]
            del self._series[depth + 1 :]
            moved, found.now = place != found.now, place
            if not self._task.within:
                found.phase = self._task.phase
            return [*done, *(found.line(place) if moved else ())]
        return []
