"""The output of whole runs, by ansible-playbook: for a log, and for a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import tree

# Answers what it is given, as a module would, after it has told what it waits for in the way of those that wait.
ACTION = """
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        arguments = self._task.args
        for text in arguments.get("tells", []):
            Display().display(f"[{task_vars['inventory_hostname']}] {text}")
        return {**super().run(tmp, task_vars), **arguments.get("answer", {})}
"""
PLAY = """
- name: Upgrade
  hosts: all
  gather_facts: false
  tasks:
    - name: Waves | One after the other
      ansible.builtin.include_tasks: wave.yml
      loop: ["Wave 1 of 2: shop", "Wave 2 of 2: cart"]
      loop_control: {loop_var: wave}
    - name: Pick
      answered: {answer: {changed: true}}
      loop: [one, two]
      when: item == 'two'
    - name: Hidden
      answered: {answer: {msg: A-SECRET}}
      no_log: true
    - name: Not needed
      answered:
      when: false
    - name: Retried
      answered: {answer: {rc: 1}}
      register: tried
      until: tried.rc == 0
      retries: 1
      delay: 0
      ignore_errors: true
    - name: Undone
      block:
        - name: Verify | Judge
          answered:
            answer: {failed: true, problem: Pods wait., remedy: Look at them., code: stuck, msg: all, stuck: [web]}
          when: inventory_hostname != 'us'
      rescue:
        - name: Verify | Rescued
          ansible.builtin.debug: {msg: [first, second]}
    - name: Unknown
      ansible.builtin.debug: {msg: "{{ nothing }}"}
      when: inventory_hostname == 'us'
"""
WAVE = """
- name: Stop | Stop where another cluster stopped
  ansible.builtin.fail: {msg: no}
  when: false
- name: "Waves | {{ wave }}"
  answered: {tells: ["1/3 workloads rolled, waiting for shop/web"], answer: {changed: true}}
- name: "Gate | {{ wave }}"
  answered:
    answer: {verdict: passed, evidence: [{verdict: passed, detail: 3 of 3 pods are on 1-32-0}]}
"""
DEAD = "ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1"
HOSTS = f"eu ansible_connection=local\nus ansible_connection=local\nasia {DEAD}\n"
BEYOND_REACH = """
- name: Reach
  hosts: all
  gather_facts: false
  tasks:
    - name: Ask
      ansible.builtin.ping:
      when: inventory_hostname == 'asia'
    - name: Where
      answered: {answer: {place: here}}
"""


@dataclass(frozen=True)
class Project:
    folder: Path

    def start(self, play: str, *arguments: str, output: int = subprocess.PIPE, **environment: str) -> subprocess.Popen[bytes]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_") and name not in ("CI", "NO_COLOR")
        }
        settings = {
            "ANSIBLE_STDOUT_CALLBACK": "meshyard.istio.progress",
            "ANSIBLE_COLLECTIONS_PATH": str(tree.linked()),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_ACTION_PLUGINS": str(self.folder / "actions"),
            "ANSIBLE_LOCALHOST_WARNING": "False",
        }
        return subprocess.Popen(
            [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "hosts", play, *arguments],
            cwd=self.folder,
            env={**inherited, **settings, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )

    def run(self, play: str, *arguments: str) -> list[str]:
        """What goes into a log."""
        said, _errors = self.start(play, *arguments).communicate(timeout=100)
        return said.decode().splitlines()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("project")
    files = {"hosts": HOSTS, "play.yml": PLAY, "wave.yml": WAVE, "reach.yml": BEYOND_REACH, "actions/answered.py": ACTION}
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "actions" / "answered.py").write_text(ACTION)
    return Project(folder)


@pytest.fixture(scope="module")
def log(project: Project) -> list[str]:
    """A run on two clusters in a log."""
    return project.run("play.yml", "--limit", "eu,us")


def after(lines: Sequence[str], heading: str, count: int) -> list[str]:
    """What comes after a line; the order of hosts is nobody's."""
    place = lines.index(heading) + 1
    return sorted(lines[place : place + count])


def test_a_log_has_whole_lines_without_any_movement(log: list[str]) -> None:
    assert not [line for line in log if "\x1b" in line or "\r" in line]


def test_phases_waves_and_what_is_left_are_told(log: list[str]) -> None:
    assert [line for line in log if line.startswith(("PHASE", "  ["))] == [
        "PHASE Waves",
        "  [------------] 0 of 2 done, now Wave 1 of 2: shop; then cart",
        "  [######------] 1 of 2 done, now Wave 2 of 2: cart",
        "  [############] 2 of 2 done",
        "PHASE Verify",
    ]


def test_what_modules_wait_for_is_told_under_the_name_of_their_task(log: list[str]) -> None:
    told = [f"    [{host}] 1/3 workloads rolled, waiting for shop/web" for host in ("eu", "us")]
    place = log.index("Wave 1 of 2: shop")
    assert {line.partition(" (")[0] for line in log[place + 1 : place + 5]} == {*told, "  changed: [eu]", "  changed: [us]"}


def test_verdicts_come_with_their_figures(log: list[str]) -> None:
    told = [f"  passed: [{host}] 3 of 3 pods are on 1-32-0" for host in ("eu", "us")]
    assert after(log, "Gate | Wave 2 of 2: cart", 2) == told
    assert log.count("  gates: 2 passed") == 2


def test_a_failure_is_told_with_what_to_do_and_what_else_is_known(log: list[str]) -> None:
    place = log.index("  failed: [eu] Pods wait.")
    assert log[place - 1 : place + 5] == [
        "Judge",
        "  failed: [eu] Pods wait.",
        "    what to do: Look at them.",
        "    code: stuck",
        "    stuck:",
        "    - web",
    ]
    assert log[place + 5 : place + 8] == ["Rescued", "  ok: [eu] first", "    second"]


def test_loops_retries_and_ignored_failures_are_told(log: list[str]) -> None:
    assert after(log, "Pick", 2) == ["  changed: [eu] two", "  changed: [us] two"]
    assert [line for line in log if line.startswith("    [us] not yet, attempt ")]
    assert "    ignored: the run goes on" in log


def test_what_is_skipped_takes_no_line_and_a_secret_is_not_shown(log: list[str]) -> None:
    assert not [line for line in log if "Not needed" in line or "skip" in line.partition(" : ")[0] or "A-SECRET" in line]


def test_the_end_tells_of_each_cluster(log: list[str]) -> None:
    (eu,) = (line for line in log if line.startswith("eu : "))
    (us,) = (line for line in log if line.startswith("us : "))
    assert "changed=3 unreachable=0 failed=0" in eu
    assert "rescued=1 ignored=1" in eu
    assert "failed=1" in us
    assert "nothing" in log[log.index(us) + 2]
    assert log[-1].startswith("phases: Waves ")


def test_check_mode_results_and_a_host_out_of_reach_are_told(project: Project) -> None:
    lines = project.run("reach.yml", "--check", "-v")
    assert "PLAY Reach, on all (check mode: nothing is written)" in lines
    assert [line for line in lines if line.startswith("  unreachable: [asia] ")]
    assert [line for line in lines if line.startswith("asia : ") and "unreachable=1" in line]
    assert lines.count("    place: here") == 2


def test_a_terminal_has_one_line_that_is_drawn_again_and_is_gone_at_the_end(project: Project) -> None:
    controller, terminal = pty.openpty()
    process = project.start("play.yml", "--limit", "eu,us", output=terminal, TERM="xterm", COLUMNS="200")
    os.close(terminal)
    said = b""
    while True:
        try:
            said += os.read(controller, 1 << 16)
        except OSError:  # how a pseudo-terminal ends
            break
    os.close(controller)
    process.wait(timeout=100)
    text = said.decode()
    assert "\r\x1b[K[------------] Wave 1 of 2: shop: [" in text
    assert "[eu] 1/3 workloads rolled, waiting for shop/web" in text
    assert "    [eu] 1/3" not in text
    assert "\x1b[K" not in text[text.index("SUMMARY") :]
