"""Writes what the collection knows of Istio by tables: the fields of meshConfig, and the types of the istiod chart's values.

python -m tests.static.istio_tables            writes them
python -m tests.static.istio_tables --check    says whether they are what would be written
"""

from __future__ import annotations

import argparse
import os
import sys

from lab.paths import LabError
from tests import tree
from tests.static import istiod_types, meshconfig

CHARTS = tree.ROOT / "plugins" / "module_utils" / "_charts"
TABLES = {
    CHARTS / "meshconfig_fields.py": meshconfig.table,
    CHARTS / "meshconfig_words.py": meshconfig.table_of_words,
    CHARTS / "istiod_types.py": istiod_types.table,
}
SKIPPED = 77


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    try:
        made = {path: table() for path, table in TABLES.items()}
    except LabError as problem:
        return _without_sources(problem)
    other = [path for path, text in made.items() if path.read_text() != text]
    for path in other:
        if check:
            print(f"ERROR: {path.relative_to(tree.ROOT)} is not what Istio's own sources give: run make istio-tables")
        else:
            path.write_text(made[path])
    return 1 if check and other else 0


def _without_sources(problem: LabError) -> int:
    """What cannot be fetched cannot be compared; where it can be, as in continuous integration, that is a failure."""
    needed = bool(os.environ.get("TESTS_NEED_NETWORK"))
    print(f"{'ERROR' if needed else 'SKIPPED'}: {problem}")
    return 1 if needed else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
