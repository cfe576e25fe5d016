"""`make demo-release`: a change of a service is released by steps of real traffic, and a bad one is taken back."""

from __future__ import annotations

import os

# Read by demo.settings, which every other part imports.
os.environ.setdefault("DEMO_WORK", "demo-release")
