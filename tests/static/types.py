"""mypy in strict mode over everything in plugins/, under the names by which Ansible imports it."""

from __future__ import annotations

import os
import subprocess
import sys

from tests import tree

PACKAGE = ".".join((tree.COLLECTION / "plugins").parts)


def main() -> int:
    base = tree.linked()
    command = [sys.executable, "-m", "mypy", "--package", PACKAGE]
    environment = {**os.environ, "MYPYPATH": str(base)}
    done = subprocess.run(command, check=False, cwd=tree.ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    # Paths as the developer's editor knows them, not through the link.
    print(done.stdout.replace(f"{(base / tree.COLLECTION).relative_to(tree.ROOT)}/", ""), end="")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
