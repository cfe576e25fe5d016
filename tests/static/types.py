"""mypy in strict mode over plugins/, under the names by which Ansible imports it, and over the programs beside it."""

from __future__ import annotations

import os
import subprocess
import sys

from tests import tree

PACKAGES = (".".join((tree.COLLECTION / "plugins").parts), "lab", "bench", "demo", "tests.harness.lab", "tests.static")


def main() -> int:
    base = tree.linked()
    command = [sys.executable, "-m", "mypy"]
    for package in PACKAGES:
        command += ["--package", package]
    environment = {**os.environ, "MYPYPATH": f"{base}{os.pathsep}{tree.ROOT}"}
    done = subprocess.run(command, check=False, cwd=tree.ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    # Paths as the developer's editor knows them, not through the link.
    print(done.stdout.replace(f"{(base / tree.COLLECTION).relative_to(tree.ROOT)}/", ""), end="")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
