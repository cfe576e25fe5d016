"""A process that has imported what modules import, and makes each module by a fork of itself: the imports take a second.

A request is four descriptors: the request as JSON, where standard output and errors go, and where the process and its
status are told. It ends when nobody can ask it any more.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
from typing import Any

from tests import tree

# Those of others that modules import. kubernetes.config reads KUBECONFIG at its import: this process has none, nor has a module.
_THIRD_PARTY = (
    "ansible.module_utils.basic",
    "ansible_collections.kubernetes.core.plugins.module_utils.k8s.client",
    "kubernetes.stream",
    "yaml",
)
_COLLECTION = "ansible_collections.meshyard.istio"


def main() -> None:
    """Serves the socket whose descriptor is the only argument; returns in each process that has become a module."""
    asked = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _import()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who tell how a module ended
    while True:
        told, files, _flags, _address = socket.recv_fds(asked, 1, 4)
        if not told:
            return
        if os.fork() == 0:
            asked.close()
            _module_and_its_end(*files)
            return
        for file in files:
            os.close(file)


def _import() -> None:
    for name in _THIRD_PARTY:
        importlib.import_module(name)
    for path in sorted((tree.ROOT / "plugins" / "module_utils").rglob("*.py")):
        parts = path.relative_to(tree.ROOT).with_suffix("").parts
        importlib.import_module(".".join([_COLLECTION, *(part for part in parts if part != "__init__")]))
    from kubernetes.client import CoreV1Api

    assert CoreV1Api
    gc.collect()
    gc.freeze()


def _module_and_its_end(request: int, output: int, errors: int, status: int) -> None:
    """Forks again: one process is the module, the other one waits for it and never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid:
        for file in (request, output, errors):
            os.close(file)
        os.write(status, b"%d\n" % pid)
        os.write(status, b"%d\n" % os.waitpid(pid, 0)[1])
        os._exit(0)
    os.close(status)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with os.fdopen(request) as told:
        given = json.load(told)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, source in enumerate((nothing, output, errors)):
        os.dup2(source, number)
        os.close(source)
    run(given)


def run(given: dict[str, Any]) -> None:
    """Runs a module in this process: its C(name), its C(arguments) and its whole C(environment)."""
    from ansible.module_utils import basic

    os.environ.clear()
    os.environ.update(given["environment"])
    basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = json.dumps(given["arguments"]).encode(), "legacy"
    runpy.run_module(f"{_COLLECTION}.plugins.modules.{given['name']}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
