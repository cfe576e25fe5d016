"""The versions that scenarios upgrade between, and the gateway of the sample shop."""

from __future__ import annotations

import os
from pathlib import Path

from lab.paths import ISTIO_VERSIONS

OLD_VERSION = os.environ.get("DEMO_FROM", ISTIO_VERSIONS[0])
NEW_VERSION = os.environ.get("DEMO_TO", ISTIO_VERSIONS[1])
GATEWAY_NAMESPACE = "shop-ingress"
GATEWAY = "shop-gateway"
SETUP = Path(__file__).parent / "setup.yml"
"""The playbook that puts the shop behind its gateway."""


def revision(version: str) -> str:
    """The revision name of a version."""
    return version.replace(".", "-")


OLD, NEW = revision(OLD_VERSION), revision(NEW_VERSION)
