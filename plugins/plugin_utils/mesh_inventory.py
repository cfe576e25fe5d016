# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The mesh as the inventory has it: which hosts are its clusters, what each is called, how it is reached, and who takes part in the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ansible.module_utils.parsing.convert_bool import boolean

from ..module_utils._cluster.connection_options import EXPECTED_UID, VARIABLES, from_variables
from ..module_utils._errors import MeshyardError

Variables = Mapping[str, Any]
Role = Literal["primary", "remote"]

PRIMARY_GROUP = "istio_primary"
REMOTE_GROUP = "istio_remote"
UNREACHABLE_GROUP = "meshyard_unreachable"

# The first that is set names the cluster, in every role: the remote secret, by which istiod knows it, before what else calls it.
NAME_VARIABLES = ("remote_cluster_name", "canary_upgrade_cluster_name", "locality_cluster_name", "meshyard_cluster_name")
NETWORK_VARIABLES = ("remote_cluster_network", "meshyard_network")

_CONNECTION_WHOLE = "remote_cluster_connection"


@dataclass(frozen=True)
class Cluster:
    """One cluster of the mesh.

    :ivar host: its inventory host.
    :ivar name: its name in the mesh, by which istiod knows it.
    :ivar server: the URL of its API server as other clusters reach it; empty when that of the connection will do.
    :ivar connection: options of modules, with the UID that is expected there.
    :ivar expose: whether it has, or is to get, an east-west gateway.
    :ivar exchange: whether it is set to read the other primaries.
    """

    host: str
    name: str
    role: Role
    network: str
    server: str
    connection: dict[str, Any]
    expose: bool = False
    exchange: bool = False

    def describe(self) -> dict[str, Any]:
        """As a dictionary for templates."""
        return dict(vars(self))


@dataclass(frozen=True)
class Own:
    """What the variables of a role say of the host that it runs for, beyond the inventory; empty ones say nothing.

    :ivar primary: the inventory host of its primary.
    :ivar exchange: that all primaries read each other.
    """

    name: str = ""
    network: str = ""
    server: str = ""
    connection: Mapping[str, Any] = field(default_factory=dict)
    primary: str = ""
    primary_connection: Mapping[str, Any] = field(default_factory=dict)
    exchange: bool | str = False


@dataclass(frozen=True)
class Mesh:
    """The mesh of one host.

    :ivar own: the host's cluster.
    :ivar primary: the cluster whose istiod serves this one; None for a primary, and where nothing tells which it is.
    :ivar candidates: the inventory hosts that could be meant as primary.
    :ivar peers: the other primaries, which read this one and are read by it.
    :ivar remotes: the remote clusters but for the host's own.
    :ivar left_out: the inventory hosts of the mesh that do not take part in the run.
    :ivar names: the names of clusters, by inventory host: of the mesh and of all hosts of the run.
    """

    own: Cluster
    primary: Cluster | None
    candidates: list[str]
    peers: list[Cluster]
    remotes: list[Cluster]
    left_out: list[str]
    names: dict[str, str]

    @property
    def others(self) -> list[Cluster]:
        """All clusters of the mesh but the host's own, primaries first, each once."""
        primaries = [self.primary] if self.primary else []
        return [*primaries, *(peer for peer in self.peers if peer not in primaries), *self.remotes]

    def describe(self) -> dict[str, Any]:
        """As a dictionary for templates: the own cluster's fields, and the other clusters by their part."""
        return {
            **self.own.describe(),
            "primary": self.primary.describe() if self.primary else {},
            "candidates": self.candidates,
            "peers": [peer.describe() for peer in self.peers],
            "remotes": [remote.describe() for remote in self.remotes],
            "others": [cluster.describe() for cluster in self.others],
            "members": [cluster.host for cluster in (self.own, *self.others) if cluster.host],
            "left_out": self.left_out,
            "names": self.names,
        }


class Inventory:
    """The clusters of the inventory. Variables are templates until they are read, so only those that are needed are."""

    def __init__(self, hosts: Mapping[str, Variables], groups: Mapping[str, Sequence[str]]) -> None:
        self._hosts = hosts
        self._read: dict[str, Variables] = {}
        self.primaries = list(groups.get(PRIMARY_GROUP) or ())
        self.remotes = list(groups.get(REMOTE_GROUP) or ())

    def mesh(self, host: str, run: Iterable[str], own: Own) -> Mesh:
        """The mesh that a host belongs to.

        :param run: the hosts that take part.
        """
        run = list(run)
        served = host in self.remotes
        home = self._primary_of(host, own.primary) if served else host
        primaries = self._one_mesh(home, boolean(own.exchange, strict=False))
        own_cluster = self._cluster(host, own)
        primary = self._primary(home, own) if served and (home or own.primary_connection) else None
        peers = [self._cluster(peer) for peer in primaries if peer not in (host, home)]
        remotes = [self._cluster(remote) for remote in self.remotes if remote != host and self._served_by(remote, primaries)]
        members = [host, *primaries, *(remote.host for remote in remotes)]
        return Mesh(
            own=own_cluster,
            primary=primary,
            candidates=[home] if home else self.primaries,
            peers=peers,
            remotes=remotes,
            left_out=[member for member in dict.fromkeys(members) if member not in run],
            names={known: own_cluster.name if known == host else self.name(known) for known in dict.fromkeys([*members, *run])},
        )

    def name(self, host: str) -> str:
        """What a host's cluster is called in the mesh."""
        return cluster_name(self._variables(host), host)

    def _variables(self, host: str) -> Variables:
        if host not in self._read:  # each look into hostvars puts all variables of a host together anew
            known = host in self._hosts  # it answers with something undefined in place of a KeyError
            self._read[host] = _Evaluated(host, self._hosts[host]) if known else {}
        return self._read[host]

    def _cluster(self, host: str, own: Own | None = None) -> Cluster:
        variables, own = self._variables(host), own or Own()
        return Cluster(
            host=host,
            name=own.name or cluster_name(variables, host),
            role="remote" if host in self.remotes else "primary",
            network=own.network or first(variables, NETWORK_VARIABLES),
            server=own.server or first(variables, ["remote_cluster_server"]),
            connection=connection(variables, own.connection),
            expose=yes(variables, "remote_cluster_expose"),
            exchange=yes(variables, "remote_cluster_exchange"),
        )

    def _primary(self, home: str, own: Own) -> Cluster:
        """The primary of a remote cluster, which may be known by its connection alone."""
        return self._cluster(home, Own(name="" if home else "primary", connection=own.primary_connection))

    def _primary_of(self, remote: str, given: str = "") -> str:
        """The inventory host of a remote cluster's primary, empty where nothing tells which one it is."""
        named = given or first(self._variables(remote), ["remote_cluster_primary"])
        return named or (self.primaries[0] if len(self.primaries) == 1 else "")

    def _one_mesh(self, home: str, exchange: bool) -> list[str]:
        """The primaries of a mesh: all of the inventory where one of them reads the others, else the one alone."""
        if (home in self.primaries or not home) and (exchange or self._exchange()):
            return self.primaries
        return [home] if home else []

    def _exchange(self) -> bool:
        return any(yes(self._variables(primary), "remote_cluster_exchange") for primary in self.primaries)

    def _served_by(self, remote: str, primaries: Sequence[str]) -> bool:
        """Whether the primary of a remote cluster is one of these; that of which nothing tells it may be served by any of them."""
        named = self._primary_of(remote)
        return named in primaries if named else set(primaries) == set(self.primaries)


class _Evaluated(Mapping[str, Any]):
    """The variables of a host; one that cannot be evaluated, which ansible-core before 2.19 hands out as it is written, is refused."""

    def __init__(self, host: str, variables: Variables) -> None:
        self._host, self._variables = host, variables

    def __getitem__(self, name: str) -> Any:
        value = self._variables[name]
        if isinstance(value, str) and "{{" in value:
            problem = f"The variable {name} of host {self._host} cannot be evaluated: {value}."
            raise MeshyardError(problem, "Define what the template refers to, or correct it.")
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


def cluster_name(variables: Variables, host: str) -> str:
    """What a cluster is called in the mesh: the same in every role."""
    return first(variables, NAME_VARIABLES) or host


def connection(variables: Variables, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The connection to a host's cluster, with the UID that is expected there; empty where nothing is set.

    :param given: a connection in place of that of the variables C(meshyard_*).
    """
    whole = given or variables.get(_CONNECTION_WHOLE) or {}
    if not whole:
        return from_variables(variables)
    said = {EXPECTED_UID: variables.get(VARIABLES[EXPECTED_UID]), **whole}
    return {name: value for name, value in said.items() if value is not None and value != ""}


def first(variables: Variables, names: Iterable[str]) -> str:
    """The first of the variables that is set, as text; empty where none is."""
    values = (variables.get(name) for name in names)
    return next((str(value) for value in values if value is not None and value != ""), "")


def yes(variables: Variables, name: str) -> bool:
    """Whether a variable says yes, as text of the command line does too."""
    return bool(boolean(first(variables, [name]), strict=False))
