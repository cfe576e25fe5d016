"""`make bench`: how fast the collection is, beside the programs that people would use instead."""

from __future__ import annotations

import sys

from tests import tree

sys.path.insert(0, str(tree.linked()))
