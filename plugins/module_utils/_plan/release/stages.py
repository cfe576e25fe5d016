# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The stages that lead to each state."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..._mesh import raw, release
from . import beginning, ending, promotion, refusals, shift
from .model import Observed, Request, Stage, State


def stages(observed: Observed, request: Request) -> list[Stage]:
    """What is left to do until a Deployment is in the state that is asked for. Those whose steps are done are empty.

    :raises MeshyardError: it cannot come there from where it is.
    """
    return _OF_STATE[request.state](observed, request)


def _prepared(observed: Observed, request: Request) -> list[Stage]:
    refusals.refuse_nothing(observed, request)
    if observed.record is None and not has_work(observed, request):
        return []
    refusals.refuse_beginning(observed, request)
    return beginning.stages(observed, request)


def has_work(observed: Observed, request: Request) -> bool:
    """Whether there is a template to release that was not taken back before, or may be tried again."""
    template = beginning.judged_template(observed, request)
    return template != observed.running and (request.retry_refused or not is_refused(observed, request))


def is_refused(observed: Observed, request: Request) -> bool:
    """Whether the template was released before and taken back."""
    mark = raw.annotations_of(observed.stable).get(release.REFUSED)
    return mark is not None and mark == release.hash_of(beginning.judged_template(observed, request))


_OF_STATE: Mapping[State, Callable[[Observed, Request], list[Stage]]] = {
    "enabled": ending.enabled,
    "disabled": ending.disabled,
    "prepared": _prepared,
    "scaled": shift.capacity,
    "weight": shift.stages,
    "promoted": promotion.stages,
    "finished": ending.finished,
    "aborted": ending.aborted,
}
