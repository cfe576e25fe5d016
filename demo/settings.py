"""Where the demo puts its files, and what it upgrades."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".lab" / os.environ.get("DEMO_WORK", "demo")
EVIDENCE = WORK / "evidence"
RESULT = WORK / "result.json"

OLD_VERSION = os.environ.get("DEMO_FROM", "1.31.0")
NEW_VERSION = os.environ.get("DEMO_TO", "1.32.0")
NAMESPACES = ("shop-web", "shop-catalog", "shop-orders")
GATEWAY_NAMESPACE = "shop-ingress"
GATEWAY = "shop-gateway"


def revision(version: str) -> str:
    """The revision name of a version."""
    return version.replace(".", "-")


OLD, NEW = revision(OLD_VERSION), revision(NEW_VERSION)


@dataclass(frozen=True)
class Target:
    """The cluster that the demo runs on.

    :ivar inventory: an Ansible inventory with one host.
    :ivar kubeconfig: how the demo itself reaches that cluster. :ivar context: the context in it, or None for the current one.
    :ivar variables: extra variables for the playbooks: chart source, image of the shop, values.
    :ivar audit_log: the API server's audit log, or None on a cluster that keeps it elsewhere.
    """

    inventory: Path
    kubeconfig: str
    context: str | None
    variables: Path
    audit_log: Path | None
    image: str
