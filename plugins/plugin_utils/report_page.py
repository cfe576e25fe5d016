# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The page of a mesh report, in which everything that comes from a cluster is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2

from . import report_sections


def page(document: Mapping[str, Any], template: str) -> str:
    """The report as one HTML page.

    :param document: The report.
    :param template: The text of its template.
    """
    return render(template, report=document, sections=report_sections.sections(document))


def render(template: str, **values: Any) -> str:
    """A page of a template, whatever is in the values."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined, finalize=_shown
    )
    return environment.from_string(template).render(**values)


def _shown(value: Any) -> Any:
    """What is not known is an empty cell."""
    return "" if value is None else value
