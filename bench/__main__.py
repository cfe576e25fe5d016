"""`make bench`: how fast the collection is, beside istioctl, Helm and kubectl on the same clusters.

Each part runs what it compares side by side in one run. The figures of parts that do not run stay as they were.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import clusters, control_plane, moving, page, reading
from lab.paths import LAB, PROJECT

FOLDER = LAB / "bench"
RESULT = FOLDER / "result.json"
PAGE = PROJECT / "docs" / "speed.md"

PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "control-plane": control_plane.run,
    "read": reading.run,
    "clusters": lambda folder: {"clusters": clusters.run(folder)},
    "migrate": lambda folder: {"migrate": moving.run(folder)},
}


def main() -> int:
    """Runs the parts that are named, or all."""
    arguments = argparse.ArgumentParser(prog="bench", description=__doc__)
    arguments.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure; all when not given")
    chosen = arguments.parse_args().parts or list(PARTS)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in chosen:
        found = json.loads(RESULT.read_text()) if RESULT.exists() else {}
        began = time.monotonic()
        found |= PARTS[name](FOLDER / "work")
        RESULT.write_text(json.dumps(found, indent=1) + "\n")
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
        shutil.rmtree(FOLDER / "work", ignore_errors=True)
    figures = json.loads(RESULT.read_text())
    page.write(PAGE, figures)
    print(page.table(figures))
    print(f"\nThe figures: {RESULT}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
