"""ansible-lint in its production profile, without any network."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests import tree


def main() -> None:
    os.chdir(tree.ROOT)
    programs = Path(sys.executable).parent
    linter = str(programs / "ansible-lint")
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_HOME": str(tree.BUILD / "ansible-home"),
        # Where this collection is found by its name.
        "ANSIBLE_COLLECTIONS_PATH": str(tree.linked()),
    }
    os.execve(linter, [linter, "--config-file", ".config/ansible-lint.yml"], environment)


if __name__ == "__main__":
    main()
