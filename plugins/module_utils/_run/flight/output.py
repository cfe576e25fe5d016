# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What fortio wrote before it ended, and the report in it."""

from __future__ import annotations

from dataclasses import dataclass

from ..._errors import MeshyardError
from ..._plan.flight import report
from ..._words import lines

_LAST = 5


class NoReport(MeshyardError):
    """Fortio ended without a report."""

    code = "no_report"


@dataclass(frozen=True)
class Output:
    """C(errors) is empty where both streams are one, as in a container's log. C(status) is None where nobody knows it."""

    status: int | None
    text: str
    errors: str = ""

    def report(self, where: str) -> report.Report:
        """The report.

        :param where: it was sent from.
        :raises NoReport: there is none.
        """
        found = report.find(self.text)
        if found is None:
            last = [line for line in (self.errors or self.text).splitlines() if line.strip()][-_LAST:]
            why = last[-1].rstrip(".") if last else "it wrote nothing"
            raise NoReport(
                f"The test flight from {where} ended without a report: {why}.",
                "Look at output, which holds its last lines: the host name in the URL may not be known there, or the image has no fortio.",
                output=lines(last),
                status=self.status,
            )
        return found
