"""Where the demo puts its files, and what it upgrades."""

from __future__ import annotations

import os

from lab.paths import LAB, PROJECT
from tests.harness.lab.settings import NEW_VERSION, OLD_VERSION

ROOT = PROJECT
WORK = LAB / os.environ.get("DEMO_WORK", "demo")
EVIDENCE = WORK / "evidence"
RESULT = WORK / "result.json"
COLLECTIONS = WORK / "collections"

NAMESPACES = ("shop-web", "shop-catalog", "shop-orders")
VERSIONS = f"{OLD_VERSION} and {NEW_VERSION}; the lab's are two builds of Istio's development line, both with a plain Envoy"
