"""One module, with its options from standard input: python -m bench.module NAME."""

from __future__ import annotations

import json
import runpy
import sys

from ansible.module_utils import basic


def main(name: str) -> None:
    """Runs it."""
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": json.load(sys.stdin)}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    sys.argv = [name]
    runpy.run_module(f"ansible_collections.meshyard.istio.plugins.modules.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
