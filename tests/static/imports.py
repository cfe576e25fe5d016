"""import-linter: the contracts of pyproject.toml about who may import whom."""

from __future__ import annotations

import os
import sys

from tests import tree


def main() -> None:
    os.chdir(tree.ROOT)
    search = os.pathsep.join([str(tree.linked()), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    linter = os.path.join(os.path.dirname(sys.executable), "lint-imports")
    os.execve(linter, [linter, "--no-logo", "--cache-dir", "build/import-linter"], {**os.environ, "PYTHONPATH": search})


if __name__ == "__main__":
    main()
