# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Everything that stands against an upgrade, or that its user should know before it begins."""

from __future__ import annotations

from ..finding import LEVELS, Finding
from . import control_planes, identity, proxies, releases, restart_safety, versions, workloads
from .model import PreflightInput

_TOPICS = (versions, control_planes, identity, proxies, workloads, releases, restart_safety)


def findings(given: PreflightInput) -> list[Finding]:
    """All findings, blockers first; within a level in the order of the topics."""
    found = [finding for topic in _TOPICS for finding in topic.findings(given)]
    return sorted(dict.fromkeys(found), key=lambda finding: LEVELS.index(finding.level))
