"""Writes CHANGELOG.rst for the version in galaxy.yml, from the fragments and the plugins that are new in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from tests import tree

WRITTEN = ("CHANGELOG.rst", "changelogs/changelog.yaml")


def main() -> None:
    source = tree.copied("changelog") / tree.COLLECTION
    version = yaml.safe_load((source / "galaxy.yml").read_text())["version"]
    released = yaml.safe_load((source / "changelogs" / "changelog.yaml").read_text())["releases"]
    again = ["--update-existing", "--reload-plugins"] if version in released else []
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    (source / "changelogs" / "fragments").mkdir(exist_ok=True)
    subprocess.run([programs / "antsibull-changelog", "release", *again], check=True, cwd=source, env=environment)
    for name in WRITTEN:
        shutil.copyfile(source / name, tree.ROOT / name)
    for fragment in (tree.ROOT / "changelogs").glob("fragments/*.yml"):
        if not (source / fragment.relative_to(tree.ROOT)).exists():
            fragment.unlink()


if __name__ == "__main__":
    main()
