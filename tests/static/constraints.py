"""Writes constraints.txt: every package of which all environments have the same version; the others are pinned in tests/environments/."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict

from tests.environment import ENVIRONMENTS, ROOT

HEAD = "# Every dependency of the dependencies, as tested. Renew after changing a requirements file: make freeze\n"
ANSIBLE = {"ansible", "ansible-core"}


def main() -> None:
    versions: dict[str, set[str]] = defaultdict(set)
    for environment in ENVIRONMENTS.values():
        for line in _installed(environment.folder):
            versions[_name(line)].add(line)
    differing = {name for name, lines in versions.items() if len(lines) > 1}
    missing = differing - ANSIBLE - _pinned()
    if missing:
        sys.exit(f"The environments differ in these packages, pin them in tests/environments/: {', '.join(sorted(missing))}")
    same = [line for name, lines in versions.items() if name not in differing for line in lines]
    (ROOT / "constraints.txt").write_text(HEAD + "".join(f"{line}\n" for line in sorted(same, key=str.lower)))


def _installed(folder: str) -> list[str]:
    command = [str(ROOT / folder / "bin" / "python"), "-m", "pip", "freeze"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def _pinned() -> set[str]:
    files = ROOT.glob("tests/environments/*.txt")
    return {_name(line) for path in files for line in path.read_text().splitlines() if "==" in line}


def _name(line: str) -> str:
    return re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower()


if __name__ == "__main__":
    main()
