# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Everything that stands against an upgrade, or that its user should know before it begins."""

from __future__ import annotations

from ansible_collections.meshyard.istio.plugins.module_utils._plan import (
    preflight_planes,
    preflight_proxies,
    preflight_versions,
    preflight_workloads,
)
from ansible_collections.meshyard.istio.plugins.module_utils._plan.finding import LEVELS, Finding, Scene

_TOPICS = (preflight_versions, preflight_planes, preflight_proxies, preflight_workloads)


def findings(scene: Scene) -> list[Finding]:
    """All findings, blockers first; within a level in the order of the topics."""
    found = [finding for topic in _TOPICS for finding in topic.findings(scene)]
    return sorted(dict.fromkeys(found), key=lambda finding: LEVELS.index(finding.level))
