# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The option C(clusters): the other clusters of the mesh."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .._cluster.connect import Cluster
from .._cluster.errors import ApiError, Unreachable
from .._cluster.peer import Peer
from .._errors import InvalidOption, MeshyardError
from .._run.remote.primary import Primary
from .module import Run

_AT_ONCE = 8


def connected(run: Run, own: str = "") -> list[Cluster]:
    """The other clusters, every one of which must answer; each is named as Istio knows it.

    :param own: the name of the module's own cluster, where it is known.
    :raises MeshyardError: two are one or have one name, or one does not answer.
    """
    options: list[dict[str, Any]] = run.params["clusters"]
    _refuse_twins([own, *(one["name"] for one in options)])
    found = [_connect(run, one) for one in options]
    _refuse_same(run, found)
    return found


def reached(run: Run, own: str = "") -> list[Peer]:
    """The other clusters; one that does not answer is kept without connection.

    :param own: the name of the module's own cluster, where it is known.
    :raises MeshyardError: two are one or have one name, or a connection is not possible or leads elsewhere.
    """
    options: list[dict[str, Any]] = run.params["clusters"]
    _refuse_twins([own, *(one["name"] for one in options)])
    # One that does not answer takes its time, and must not take that of the others.
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        found = list(pool.map(lambda one: attempt(one["name"], lambda: _connect(run, one)), options))
    _refuse_same(run, [one.cluster for one in found if one.cluster])
    return found


def primary(run: Run) -> Primary | None:
    """The cluster of the option C(primary), whose istiods serve that of this run as C(cluster_name); None without the option.

    :raises MeshyardError: it is the module's own cluster, or a connection is not possible or leads elsewhere.
    """
    if not run.params["primary"]:
        return None
    found = attempt("primary", lambda: run.peer("primary"))
    return Primary(run.params["cluster_name"], lambda: run.peer("primary"), found.cluster)


def attempt(name: str, connect: Callable[[], Cluster]) -> Peer:
    """A cluster, whether it answers or not."""
    try:
        return Peer(name, connect())
    except (ApiError, Unreachable) as problem:
        return Peer(name, None, problem.problem.rstrip("."))


def _connect(run: Run, options: dict[str, Any]) -> Cluster:
    return run.connect(options, options["name"], options["expected_cluster_uid"])


def _refuse_twins(names: list[str]) -> None:
    known = [name for name in names if name]
    for name in known:
        if known.count(name) > 1:
            raise _twins(name, name)


def _refuse_same(run: Run, others: list[Cluster]) -> None:
    seen = {run.cluster.uid: run.cluster.name}
    for one in others:
        if one.uid in seen:
            raise _twins(seen[one.uid], one.name)
        seen[one.uid] = one.name


def _twins(one: str, other: str) -> MeshyardError:
    return InvalidOption(
        f"The clusters {one} and {other} are one, or have one name.",
        "Give each cluster of the mesh once, with its own name and connection, and the module's own cluster not at all.",
    )
