"""Makes a virtual environment with pinned requirements; does nothing when it is already right.

Usage: python3 tests/environment.py [ENVIRONMENT]. Without a name it is `.venv`, in which developers work. Each of the others
has another Ansible, on a Python that this one supports: the one that runs this, or one on PATH or among pyenv's versions.
Without such a Python there is nothing to run and the status is 77; CI must have it. Standard library only.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = 77


@dataclass(frozen=True)
class Environment:
    """One virtual environment.

    :ivar pythons: the versions that its Ansible supports, the first one found is taken.
    :ivar optional: whether a developer may lack them.
    """

    folder: str
    requirements: str
    pythons: tuple[str, ...]
    optional: bool = True


ENVIRONMENTS = {
    "dev": Environment(".venv", "requirements-dev.txt", ("3.11", "3.12", "3.13"), optional=False),
    "2.16": Environment(".venv-2.16", "tests/environments/ansible-2.16.txt", ("3.11", "3.12")),
    "2.21": Environment(".venv-2.21", "tests/environments/ansible-2.21.txt", ("3.12", "3.13", "3.14")),
}


def main() -> int:
    environment = ENVIRONMENTS[sys.argv[1] if len(sys.argv) > 1 else "dev"]
    wanted = " or ".join(environment.pythons)
    base = next((python for python in _candidates(environment.pythons) if _version(python) in environment.pythons), None)
    if base is None and environment.optional and "CI" not in os.environ:
        print(f"SKIPPED: no Python {wanted} with venv on this machine")
        return SKIPPED
    if base is None:
        sys.exit(
            f"{environment.folder} needs Python {wanted} with its venv module, and there is none on PATH or among pyenv's versions. "
            "Install it (Debian: apt-get install python3-venv), or name it: make PYTHON=/path/to/python3.11 ..."
        )
    _make(environment, base)
    return 0


def _make(environment: Environment, base: str) -> None:
    folder, version = ROOT / environment.folder, _version(base)
    python, stamp = folder / "bin" / "python", folder / "installed"
    fingerprint = _fingerprint(folder, version)
    right = _version(str(python)) == version
    if right and stamp.exists() and stamp.read_text() == fingerprint:
        return
    print(f"Installing {environment.requirements} into {folder.name} with Python {version} ...", flush=True)
    if not right:
        _run(base, "-m", "venv", "--clear", str(folder))
    # Not compiled: most of Ansible's 16,000 files are never imported.
    _run(str(python), "-m", "pip", "install", "--quiet", "--no-compile", "-r", str(ROOT / environment.requirements))
    stamp.write_text(fingerprint)


def _candidates(versions: tuple[str, ...]) -> Iterator[str]:
    yield sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for version in versions:
        yield f"python{version}"
        yield from map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"), reverse=True))


def _version(python: str) -> str:
    """Which version this interpreter is; empty when it does not start (as some that pyenv leaves on PATH) or has no venv."""
    code = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        shown = subprocess.run([python, "-c", code], check=False, capture_output=True, text=True)
    except OSError:
        return ""
    return shown.stdout.strip() if shown.returncode == 0 else ""


def _fingerprint(folder: Path, version: str) -> str:
    digest = hashlib.sha256(f"{version} {folder}".encode())
    for path in [ROOT / "constraints.txt", *sorted(ROOT.glob("requirements*.txt")), *sorted(ROOT.glob("tests/environments/*.txt"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit(f"This command failed with status {done.returncode}: {' '.join(command)}")


if __name__ == "__main__":
    sys.exit(main())
