"""Runs the unit tests and the package's checks with the other end of the versions that the collection claims.

The oldest supported Ansible runs on Python 3.11, the newest needs 3.12: whichever runs this, the other one is looked for
in PYTHON_OTHER, on PATH and among pyenv's versions. Without it this is skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEWER = ("3.12", "3.13", "3.14")
WANTED = ("3.11",) if sys.version_info >= (3, 12) else NEWER
SKIPPED = 77


def main() -> int:
    python = next((candidate for candidate in _candidates() if _works(candidate)), None)
    if python is None:
        print(f"SKIPPED: no Python {' or '.join(WANTED)} with venv on this machine")
        return SKIPPED
    made = _run(python, "tests/environment.py", ".venv-other", "requirements-test.txt")
    if made:
        return made
    other = str(ROOT / ".venv-other" / "bin" / "python")
    _run(other, "-m", "ansible", "--version")
    return _run(other, "-m", "pytest", "tests/unit") or _run(other, "-m", "tests.static.package")


def _candidates() -> Iterator[str]:
    if "PYTHON_OTHER" in os.environ:
        yield os.environ["PYTHON_OTHER"]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for version in WANTED:
        yield f"python{version}"
        yield from map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"), reverse=True))


def _works(python: str) -> bool:
    """Whether it starts (pyenv leaves commands on PATH that do not), is of a wanted version and can make environments."""
    code = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        told = subprocess.run([python, "-c", code], check=False, capture_output=True, text=True)
    except OSError:
        return False
    return told.returncode == 0 and told.stdout.strip() in WANTED


def _run(*command: str) -> int:
    return subprocess.run(command, check=False, cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
