# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The pages of reports, in which everything that comes from a cluster is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2

from . import change_sections, report_sections
from .report_layout import Page


def report(document: Mapping[str, Any], template: str) -> str:
    """A mesh report as one HTML page.

    :param document: The report.
    :param template: The text of its template.
    """
    return render(template, report_sections.page(document))


def change(document: Mapping[str, Any], template: str) -> str:
    """The record of a change as one HTML page."""
    return render(template, change_sections.page(document))


def render(template: str, page: Page) -> str:
    """A page, whatever is in it."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined, finalize=_shown
    )
    return environment.from_string(template).render(page=page)


def _shown(value: Any) -> Any:
    """What is not known is an empty cell."""
    return "" if value is None else value
