"""Makes a virtual environment with the pinned requirements; does nothing when it is already right.

Usage: python3 tests/environment.py FOLDER REQUIREMENTS. Runs before anything is installed: standard library only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)


def main() -> None:
    folder, requirements = ROOT / sys.argv[1], sys.argv[2]
    _require_python()
    python, stamp = folder / "bin" / "python", folder / "installed"
    wanted = _fingerprint(folder)
    if _answers(python) and stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Installing {requirements} into {folder.name} with Python {sys.version.split()[0]} ...", flush=True)
    if not _answers(python):
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
    # Not compiled: most of Ansible's 16,000 files are never imported.
    _run(str(python), "-m", "pip", "install", "--quiet", "--no-compile", "-r", str(ROOT / requirements))
    stamp.write_text(wanted)


def _require_python() -> None:
    if sys.version_info < OLDEST:
        sys.exit(
            f"Python {'.'.join(map(str, OLDEST))} or newer is needed, this is {sys.version.split()[0]}. "
            "Name a newer one: make PYTHON=/path/to/python3.11 ..."
        )
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit("Python's venv module is not complete. Install it: apt-get install python3-venv")


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256(f"{sys.version_info[:2]} {folder}".encode())
    for path in [ROOT / "constraints.txt", *sorted(ROOT.glob("requirements*.txt"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _answers(python: Path) -> bool:
    """Whether this interpreter exists, starts, and is of the version asked for."""
    if not python.exists():
        return False
    code = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    return subprocess.run([python, "-c", code], check=False, capture_output=True).returncode == 0


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit(f"This command failed with status {done.returncode}: {' '.join(command)}")


if __name__ == "__main__":
    main()
