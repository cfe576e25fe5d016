"""One module, as a process of its own: the request comes from standard input, as `tests.harness.forking` takes it."""

from __future__ import annotations

import json
import sys

from tests.harness.forking import run

if __name__ == "__main__":
    run(json.load(sys.stdin))
