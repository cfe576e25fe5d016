# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of a mesh as data and as a page, as filters; each is documented in the file of its name beside this one.

Reports go from task to task as text: Ansible would look at each of their values anew, seconds for a large mesh, and before 2.19 take
what a cluster says for a template.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._plan.mesh_report import change, document
from ..module_utils._words import TIME
from ..plugin_utils import collection_version, report_page, report_parts, run_journal
from ..plugin_utils.filters import refusing


def mesh_report(
    hostvars: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
    hosts: Sequence[str],
    variables: Sequence[str],
    at: str,
    ca_days: int,
) -> str:
    """The report over all clusters of a run, of which a host keeps what it answered in variables."""
    before = datetime.strptime(at, TIME).replace(tzinfo=UTC) + timedelta(days=int(ca_days))
    moment = document.Moment(at, before.strftime(TIME), collection_version.version())
    return _text(document.document(report_parts.parts(hostvars, groups, [str(host) for host in hosts], variables), moment))


def mesh_change(
    hostvars: Mapping[str, Mapping[str, Any]],
    hosts: Sequence[str],
    alive: Sequence[str],
    operation: str,
    before: str,
    after: str,
    journal: str,
    stops: Sequence[str],
) -> str:
    """The record of a change between two reports; what stopped a role is kept by hosts in variables."""
    endings = [_ending(hostvars[host], str(host), host in alive, stops) for host in hosts]
    return _text(change.change(operation, json.loads(before), json.loads(after), run_journal.entries(journal), endings))


def mesh_report_page(report: str, template: str) -> str:
    """The page of a report."""
    page: str = wrap_var(report_page.report(json.loads(report), template))
    return page


def mesh_change_page(record: str, template: str) -> str:
    """The page of a change."""
    page: str = wrap_var(report_page.change(json.loads(record), template))
    return page


def _text(found: Mapping[str, Any]) -> str:
    """As text that Ansible takes for no template, nor, before 2.19, for data because of the brace that it begins with."""
    text: str = wrap_var("\n" + json.dumps(found, indent=1))
    return text


def _ending(variables: Mapping[str, Any], host: str, reached: bool, stops: Sequence[str]) -> change.Ending:
    told = ((variables.get(name) or {}).get("message") for name in stops)
    return change.Ending(host, reached, "" if reached else next((str(one) for one in told if one), ""))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {
            "mesh_change": mesh_change,
            "mesh_change_page": mesh_change_page,
            "mesh_report": refusing(mesh_report),
            "mesh_report_page": mesh_report_page,
            "mesh_report_reading": refusing(report_parts.reading),
        }
