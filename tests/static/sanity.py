"""ansible-test sanity over a copy of the repository, for the Python and the Ansible that run this, without any ignore.

ansible-test gives each of its checks a virtual environment, for which it downloads get-pip.py from a host that many
networks do not reach. It uses a file of that name from its cache when there is one: here that file asks the running
Python for its own copy of pip, so that a package index is all that is needed. The cache lies in a home folder of its
own under build/.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from ansible_test._internal.python_requirements import get_venv_packages

from tests import tree

HOME = tree.BUILD / f"sanity-home-{tree.ANSIBLE}"
# What the pylint of a later Ansible finds takes in what that of the oldest one would.
LEFT_OUT = ["--skip-test", "pylint"] if tree.ANSIBLE.startswith("2.16") else []
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

GET_PIP = """\
import os, subprocess, sys
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
# In a process of its own, since ensurepip changes the settings of the pip that runs after it.
subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
os.execv(sys.executable, [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", *wanted])
"""


def main() -> int:
    ignored = sorted((tree.ROOT / "tests" / "sanity").glob("ignore-*.txt"))
    if ignored:
        sys.exit(f"Nothing may be ignored: fix what these files hide and delete them: {', '.join(map(str, ignored))}")
    _provide_pip()
    programs = Path(sys.executable).parent
    command = [str(programs / "ansible-test"), "sanity", "--local", "--python", VERSION, "--color", "no", *LEFT_OUT]
    environment = {**os.environ, "HOME": str(HOME), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(command, check=False, cwd=tree.copied(f"sanity-{tree.ANSIBLE}") / tree.COLLECTION, env=environment).returncode


def _provide_pip() -> None:
    pin = get_venv_packages(SimpleNamespace(version=VERSION))["pip"]
    cache = HOME / ".ansible" / "test" / "cache" / f"get_pip_{pin.replace('.', '_')}.py"
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(GET_PIP)
    _keep_pip_settings()


def _keep_pip_settings() -> None:
    """Write this user's pip settings, wherever they come from, to the only place that ansible-test's pip reads."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True)
    options: dict[str, str] = {}
    for line in listed.stdout.splitlines():
        name, value = line.split("=", 1)
        section, option = name.split(".", 1)
        if section in ("global", "install", ":env:"):
            options[option] = ast.literal_eval(value)
    lines = ["[global]", *(f"{option} = {value}" for option, value in options.items()), ""]
    folder = HOME / ".config" / "pip"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pip.conf"
    file.touch(mode=0o600)  # the address of an index may hold a password
    file.write_text("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
