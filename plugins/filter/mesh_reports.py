# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of a mesh as data and as a page, as filters; each is documented in the file of its name beside this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ..module_utils._plan.mesh_report import document
from ..plugin_utils import report_page

Hostvars = Mapping[str, Mapping[str, Any]]
TIME = "%Y-%m-%dT%H:%M:%SZ"


def mesh_report(hostvars: Hostvars, hosts: Sequence[str], answers: str, releases: str, at: str, ca_days: int) -> dict[str, Any]:
    """The report over all clusters of a run, of which a host keeps what it answered by two variables."""
    before = datetime.strptime(at, TIME).replace(tzinfo=UTC) + timedelta(days=int(ca_days))
    own = {str(host): hostvars[host].get(answers) or {} for host in hosts}
    released = {str(host): hostvars[host].get(releases) or {} for host in hosts}
    return document.document(own, released, at, before.strftime(TIME))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"mesh_report": mesh_report, "mesh_report_page": report_page.page}
