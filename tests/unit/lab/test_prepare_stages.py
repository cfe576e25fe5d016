"""What is made once stays made, and what was interrupted or has changed is made again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lab import checks, paths, prepare, stages
from lab.paths import LabError


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LAB", "STAMPS", "TMP"):
        monkeypatch.setattr(paths, name, tmp_path / name.lower())
    monkeypatch.setattr(stages, "WORKSPACES", tmp_path / "tmp" / "prepare")


class Recorder:
    """Makes a file and counts how often."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.times = 0

    def __call__(self) -> None:
        self.times += 1
        self.output.write_text("made")


def stage(make: Callable[[], None], output: Path, inputs: str = "one") -> stages.Stage:
    return stages.Stage("name", "make something", inputs, (output,), make)


def test_a_stage_is_done_after_it_ran_and_not_before(tmp_path: Path) -> None:
    made = stage(Recorder(tmp_path / "output"), tmp_path / "output")
    assert not made.is_done()
    made.run()
    assert made.is_done()


def test_a_stage_with_other_inputs_is_not_done(tmp_path: Path) -> None:
    stage(Recorder(tmp_path / "output"), tmp_path / "output").run()
    assert not stage(Recorder(tmp_path / "output"), tmp_path / "output", inputs="two").is_done()


def test_a_stage_whose_output_was_deleted_is_not_done(tmp_path: Path) -> None:
    made = stage(Recorder(tmp_path / "output"), tmp_path / "output")
    made.run()
    (tmp_path / "output").unlink()
    assert not made.is_done()


def test_a_stage_that_fails_when_run_again_is_not_done(tmp_path: Path) -> None:
    def fail() -> None:
        raise LabError("no network")

    stage(Recorder(tmp_path / "output"), tmp_path / "output").run()
    with pytest.raises(LabError, match="no network"):
        stage(fail, tmp_path / "output").run()
    assert not stage(fail, tmp_path / "output").is_done()


def test_a_stage_that_ends_without_its_output_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"'make something' ended without .*/output"):
        stage(lambda: None, tmp_path / "output").run()


def test_preparing_makes_only_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Recorder(tmp_path / "first"), Recorder(tmp_path / "second")
    made = [
        stages.Stage("first", "make the first", "1", (first.output,), first),
        stages.Stage("second", "make the second", "1", (second.output,), second),
    ]
    monkeypatch.setattr(prepare, "stages_of_preparation", lambda: made)
    monkeypatch.setattr(checks, "check_host", lambda: None)
    lines: list[str] = []
    prepare.prepare(lines.append)
    second.output.unlink()
    prepare.prepare(lines.append)
    prepare.prepare(lines.append)

    assert (first.times, second.times) == (1, 2)
    assert lines == [
        "stage 1 of 2: make the first ...",
        "stage 1 of 2: make the first: done (0 s)",
        "stage 2 of 2: make the second ...",
        "stage 2 of 2: make the second: done (0 s)",
        "stage 2 of 2: make the second ...",
        "stage 2 of 2: make the second: done (0 s)",
    ]


def test_preparing_removes_what_a_killed_one_left_half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / "tmp" / "prepare" / "k8s-abc" / "kubelet"
    left.parent.mkdir(parents=True)
    left.touch()
    only = Recorder(tmp_path / "only")
    monkeypatch.setattr(prepare, "stages_of_preparation", lambda: [stage(only, only.output)])
    monkeypatch.setattr(checks, "check_host", lambda: None)
    prepare.prepare(lambda line: None)
    assert not left.exists()


def test_an_unfit_host_is_refused_before_the_first_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise LabError("not root")

    only = Recorder(tmp_path / "only")
    monkeypatch.setattr(prepare, "stages_of_preparation", lambda: [stage(only, only.output)])
    monkeypatch.setattr(checks, "check_host", refuse)
    with pytest.raises(LabError, match="not root"):
        prepare.prepare(lambda line: None)
    assert only.times == 0


def test_every_stage_has_a_stamp_of_its_own() -> None:
    made = prepare.stages_of_preparation()
    assert len({each.stamp for each in made}) == len(made)


def test_the_digest_tells_parts_apart(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("ab")
    assert stages.digest("a", "b") != stages.digest("ab")
    assert stages.digest(file) == stages.digest("ab")


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    made, place = tmp_path / "made", tmp_path / "below" / "place"
    for content in ("old", "new"):
        made.mkdir()
        (made / content).touch()
        stages.replace_folder(made, place)
    assert [path.name for path in place.iterdir()] == ["new"]
    assert not made.exists()


def test_a_failed_program_is_reported_with_its_reason_and_its_log() -> None:
    script = "import sys; print('out'); print('E: no space left.', file=sys.stderr); sys.exit(3)"
    with pytest.raises(LabError) as caught:
        stages.run([sys.executable, "-c", script], purpose="unpack")
    log = paths.LAB / "log" / f"{Path(sys.executable).name}.log"
    assert str(caught.value).startswith("Could not unpack: E: no space left. ")
    assert str(log) in str(caught.value)
    assert "E: no space left" in log.read_text()


def test_the_reason_of_a_failure_is_the_last_line_that_says_something() -> None:
    assert stages.last_words("go: downloading x\n  go: x: no such host.\n\n") == "go: x: no such host"
    assert stages.last_words("\n") == "it printed no reason"


def test_a_program_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(LabError, match=r"Could not start: .*/absent does not start"):
        stages.run([paths.LAB / "absent"], purpose="start")


def test_a_workspace_is_gone_afterwards_even_after_an_error() -> None:
    def fail_inside() -> None:
        with stages.workspace("test") as folder:
            (folder / "file").touch()
            raise LabError("stop")

    with pytest.raises(LabError):
        fail_inside()
    assert list(stages.WORKSPACES.iterdir()) == []
