# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The change of the token by which istiod reads a remote cluster: a second one, a swap, and the end of the first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..._errors import MeshyardError
from ..._mesh import raw
from ..objects.convergence import owner_of
from ..objects.steps import Object, Patch, Plan
from . import reader


@dataclass(frozen=True)
class Rotation:
    """One rotation, from its begin or from where a killed run left it.

    :ivar token: the name of the token Secret that istiod is to use. :ivar endpoints: how many each istiod must have afterwards.
    :ivar before: the steps that make the token. :ivar after: the steps that revoke others, once every istiod uses it.
    :ivar noted: the token Secret whose use tells that the API server notes the use of tokens.
    """

    token: str
    endpoints: int
    before: Plan
    after: Plan
    revoked: tuple[str, ...]
    warnings: tuple[str, ...]
    noted: Object | None


def plan(there: reader.RemoteState, who: reader.Reader, current: Object | None, endpoints: int) -> Rotation:
    """The steps of a rotation.

    :param current: the token Secret that the remote secret uses, if it is known.
    :param endpoints: the most that any istiod has now.
    """
    replaced = there.token(raw.annotations_of(current or {}).get(reader.REPLACES, ""))
    old: Object | None
    if current is not None and replaced is not None:  # swapped by a run that was killed: what is left is to wait and to revoke
        token, old, marks = raw.name(current), replaced, dict[str, str]()
        endpoints = raw.number(raw.mapping(current, "metadata", "annotations"), reader.ENDPOINTS)
    else:
        token, old = reader.next_name(current, who), current
        marks = {reader.ENDPOINTS: str(endpoints), **({reader.REPLACES: raw.name(old)} if old else {})}
    outdated = [*([old] if old else []), *_left_over(there, who, {token, raw.name(old or {})})]
    steps, revoked, warnings = reader.revocation(outdated, who)
    after = (*steps, _end(there.namespace, token))
    return Rotation(token, endpoints, reader.plan(there, who, token, marks), after, tuple(revoked), tuple(warnings), old)


def refuse_silent(ready: int, unreadable: Iterable[str], cluster: str) -> None:
    """Refuses a rotation that nobody could prove.

    :raises MeshyardError: no istiod is ready, or one does not answer.
    """
    if not ready:
        raise MeshyardError(
            f"No istiod is ready on cluster {cluster}, so that nothing could prove that a new token is used.",
            "Bring istiod up, then run again.",
            code="revision_not_ready",
        )
    for reason in unreadable:
        raise MeshyardError(
            f"An istiod on cluster {cluster} does not answer: {reason}.", "Let it answer first, then run again.", code="unreachable"
        )


def _left_over(there: reader.RemoteState, who: reader.Reader, used: set[str]) -> list[Object]:
    """Token Secrets that earlier rotations of this reader made and nobody uses."""
    ours = [one for one in there.tokens if owner_of(one) == reader.OWNER and who.mark in raw.annotations_of(one)]
    return [one for one in ours if raw.name(one) not in used]


def _end(namespace: str, token: str) -> Patch:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": token, "namespace": namespace}}
    return reader.unmarked(secret, (reader.REPLACES, reader.ENDPOINTS), "the rotation is through")
