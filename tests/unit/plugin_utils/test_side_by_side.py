"""Work on many clusters at the same time."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.plugin_utils import side_by_side
from ansible_collections.meshyard.istio.plugins.plugin_utils.side_by_side import Problem
from lab.waiting import until


def refuse() -> str:
    raise MeshyardError("It is refused.", "Ask again.", code="forbidden")


def fail() -> str:
    raise KeyError("a-secret")


def test_each_comes_to_its_end_whatever_becomes_of_the_others_and_all_are_in_their_order() -> None:
    found = side_by_side.each({"one": lambda: "done", "two": refuse, "three": fail, "four": lambda: "done, too"}, 20, at_once=2)
    assert list(found) == ["one", "two", "three", "four"]
    assert found == {
        "one": "done",
        "two": Problem("It is refused", "forbidden"),
        "three": Problem("it failed by KeyError"),
        "four": "done, too",
    }


def test_one_that_hangs_is_ended_with_the_program_that_it_waits_for(tmp_path: Path) -> None:
    def hang() -> str:
        with subprocess.Popen(["sleep", "600"]) as program:
            (tmp_path / "pid").write_text(str(program.pid))
        return "never"

    found = side_by_side.each({"hangs": hang, "well": lambda: "done"}, 1.5)
    assert found == {"hangs": Problem("it gave no answer in 1.5 s", "timed_out"), "well": "done"}
    stat = Path("/proc", (tmp_path / "pid").read_text(), "stat")
    until(lambda: not stat.exists() or stat.read_text().split()[2] == "Z", 10, lambda: "The program is still there.")
