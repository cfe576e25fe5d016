# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Waves: in which order, and how many at a time, namespaces move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import InvalidOption
from .._words import listed

MAX_NAMESPACES = 10
MAX_WORKLOADS = 50


@dataclass(frozen=True)
class Waves:
    """The waves in their order, and the namespaces that none of them moves."""

    waves: tuple[tuple[str, ...], ...]
    left_out: tuple[str, ...] = ()


def derive(sizes: Mapping[str, int], max_namespaces: int = MAX_NAMESPACES, max_workloads: int = MAX_WORKLOADS) -> Waves:
    """Waves for namespaces of which the number of workloads is given.

    The smallest namespace that has a workload is a wave of its own: it is the one to lose least with. The others
    follow by size, in waves of at most C(max_namespaces) namespaces and C(max_workloads) workloads; a larger
    namespace is a wave of its own.

    :raises MeshyardError: a limit below 1.
    """
    if max_namespaces < 1 or max_workloads < 1:
        raise InvalidOption("A wave must hold at least one namespace and one workload.", "Raise the limits to 1 or more.")
    ordered = sorted(sizes, key=lambda name: (sizes[name], name))
    first = next((name for name in ordered if sizes[name] > 0), None)
    if first is None:
        return Waves(tuple(_batches(ordered, sizes, max_namespaces, max_workloads)))
    others = [name for name in ordered if name != first]
    return Waves(((first,), *_batches(others, sizes, max_namespaces, max_workloads)))


def of_cluster(names: Iterable[str], cluster: str) -> list[str]:
    """The namespaces of one cluster: C(CLUSTER/NAMESPACE) is one of that cluster alone, C(NAMESPACE) one of every cluster.

    :param cluster: its name; empty where no other cluster is meant.
    """
    found = []
    for name in names:
        home, slash, namespace = name.rpartition("/")
        if not slash or (cluster and home == cluster):
            found.append(namespace)
        elif not cluster:
            found.append(name)
    return found


def given(waves: Any, namespaces: Iterable[str], cluster: str = "") -> Waves:
    """Waves as the user gave them, a list of lists of namespace names; a wave that is for other clusters alone is empty.

    :param namespaces: the namespaces that are there to be moved; those in no wave are named in C(left_out).
    :param cluster: the name of the cluster, as it stands before a namespace of it.
    :raises MeshyardError: not a list of lists of names, an empty wave, a name that is unknown or comes twice.
    """
    known = set(namespaces)
    checked = [of_cluster(wave, cluster) for wave in _shape(waves)]
    flat = [name for wave in checked for name in wave]
    unknown = sorted({name for name in flat if name not in known})
    if unknown:
        raise InvalidOption(
            f"The waves name {listed(unknown)}, which is no namespace to be moved.",
            f"Those are: {listed(sorted(known)) or 'none'}.",
        )
    twice = sorted({name for name in flat if flat.count(name) > 1})
    if twice:
        raise InvalidOption(f"The waves name {listed(twice)} more than once.", "Name each namespace in one wave only.")
    return Waves(tuple(tuple(wave) for wave in checked), tuple(sorted(known.difference(flat))))


def _shape(waves: Any) -> list[list[str]]:
    proper = isinstance(waves, (list, tuple)) and all(
        isinstance(wave, (list, tuple)) and all(isinstance(name, str) for name in wave) for wave in waves
    )
    if not proper:
        raise InvalidOption("The waves are not a list of lists of namespace names.", "Write them such as [[shop], [cart, pay]].")
    if not all(waves):
        raise InvalidOption("A wave is empty.", "Name at least one namespace in each wave.")
    return [list(wave) for wave in waves]


def _batches(ordered: Sequence[str], sizes: Mapping[str, int], max_namespaces: int, max_workloads: int) -> list[tuple[str, ...]]:
    batches: list[tuple[str, ...]] = []
    batch: tuple[str, ...] = ()
    for name in ordered:
        grown = (*batch, name)
        if batch and (len(grown) > max_namespaces or sum(sizes[one] for one in grown) > max_workloads):
            batches.append(batch)
            grown = (name,)
        batch = grown
    return [*batches, batch] if batch else batches
