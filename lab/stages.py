"""Stages of the preparation: each is made once, and again only when what it is made from has changed.

A stage that was interrupted left no stamp and is made again from the start; what it had finished is replaced.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import paths
from lab.paths import LabError

WORKSPACES = paths.TMP / "prepare"
"""Half-made things."""


@dataclass(frozen=True)
class Stage:
    """One thing to be made.

    `inputs` is the digest of everything the result depends on, `outputs` are the files that must exist afterwards.
    """

    name: str
    title: str
    inputs: str
    outputs: tuple[Path, ...]
    make: Callable[[], None]

    @property
    def stamp(self) -> Path:
        return paths.STAMPS / self.name

    def is_done(self) -> bool:
        """Whether the outputs exist and were made from these inputs."""
        try:
            recorded = self.stamp.read_text(encoding="utf-8")
        except FileNotFoundError:
            return False
        return recorded == self.inputs and all(output.exists() for output in self.outputs)

    def run(self) -> None:
        """Make the outputs, then record their inputs."""
        self.stamp.unlink(missing_ok=True)
        self.make()
        absent = [str(output) for output in self.outputs if not output.exists()]
        if absent:
            raise LabError(f"The stage '{self.title}' ended without {', '.join(absent)}; run it again, and report it if it repeats.")
        replace_text(self.stamp, self.inputs)


def digest(*parts: str | Path) -> str:
    """A hash over texts and the contents of files, in order."""
    result = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        result.update(hashlib.sha256(content).digest())
    return result.hexdigest()


@contextmanager
def workspace(name: str) -> Iterator[Path]:
    """A fresh folder on the same file system as the results, removed at the end."""
    WORKSPACES.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=WORKSPACES))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_workspaces() -> None:
    """Remove what killed preparations left. Only for who knows that no other preparation runs."""
    shutil.rmtree(WORKSPACES, ignore_errors=True)


def replace_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a small file so that it is seen either as it was or complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half_made = path.with_name(f".{path.name}.new")
    half_made.write_text(text, encoding="utf-8")
    half_made.chmod(mode)
    half_made.replace(path)


def replace_folder(made: Path, place: Path) -> None:
    """Put the folder `made` where `place` is or was. Both lie on one file system."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        with workspace("replaced") as old:
            place.rename(old / place.name)
            made.rename(place)
    else:
        made.rename(place)


def run(argv: Sequence[str | Path], *, purpose: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Run a program to its end and return what it printed on standard output.

    `purpose` completes the sentence "Could not ...". Raises `LabError` with the program's last words and the place of
    its full log.
    """
    log = paths.LAB / "log" / f"{Path(argv[0]).name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}
    with log.open("w+b") as messages:
        try:
            done = subprocess.run(
                [str(word) for word in argv],
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=messages,
                check=False,
            )
        except OSError as error:
            raise LabError(f"Could not {purpose}: {argv[0]} does not start ({error.strerror}).") from error
        if done.returncode == 0:
            return done.stdout.decode(errors="replace")
        messages.seek(0)
        complaints = messages.read()
        messages.write(done.stdout)
        reason = last_words((complaints or done.stdout).decode(errors="replace"))
    raise LabError(
        f"Could not {purpose}: {reason}. Put that right and run the same command again, it continues where it ended; the full log is {log}."
    )


def last_words(output: str) -> str:
    """The last line with something in it, which is where programs put the reason."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "it printed no reason"
