# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The contexts of kubeconfig files, and the hosts that they become."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ..module_utils._ansible import redaction
from ..module_utils._cluster.connection_options import VARIABLES
from ..module_utils._errors import InvalidOption
from ..module_utils._mesh import raw
from ..module_utils._words import listed

_UNUSABLE = re.compile(r"[^\w.-]+")
_GROUPS_OF_ANSIBLE = ("all", "ungrouped")
_CERTIFICATE = "client-certificate-data"  # no secret, and no message for people either
_ADDRESS_CREDENTIALS = re.compile(r"//[^/@\s]+@")


@dataclass(frozen=True)
class Context:
    """One context.

    :ivar kubeconfig: the path of its file, with those of others after it where these hold what it refers to.
    :ivar file: the name of its file, without folder and ending. :ivar secrets: what no message may show.
    """

    name: str
    kubeconfig: str
    cluster: str = ""
    user: str = ""
    namespace: str = ""
    file: str = ""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    def words(self) -> dict[str, str]:
        """What an expression for the name of the host may use."""
        return {
            "context": self.name,
            "cluster": self.cluster,
            "user": self.user,
            "namespace": self.namespace,
            "file": self.file,
            "host_name": host_name(self.name),
        }

    @property
    def options(self) -> dict[str, str]:
        """The connection to it."""
        return {"kubeconfig": self.kubeconfig, "context": self.name}

    def variables(self) -> dict[str, str]:
        """The host variables that the playbooks read."""
        return {"ansible_connection": "local", **{VARIABLES[word]: value for word, value in self.options.items()}}

    def without_secrets(self, text: str) -> str:
        """A message of a library, which may repeat what it was given."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "********")
        return _ADDRESS_CREDENTIALS.sub("//********@", text)


def contexts(files: Mapping[str, Mapping[str, Any]], include: Sequence[str], exclude: Sequence[str]) -> list[Context]:
    """The contexts whose names match a pattern of the one list and none of the other, in the order of the files.

    :param files: contents by path.
    """
    found = [_context(path, entry, files) for path, content in files.items() for entry in raw.items(content, "contexts")]
    return [one for one in found if one.name and _matches(one.name, include) and not _matches(one.name, exclude)]


def hosts(found: Iterable[Context], name_of: Callable[[Context], str], taken: Iterable[str] = ()) -> dict[str, Context]:
    """The contexts by the names of their hosts.

    :param taken: names of groups, which no host may have.
    :raises InvalidOption: two of them have one name, or a name is none or that of a group.
    """
    named: dict[str, Context] = {}
    for one in found:
        name = name_of(one)
        if not name or _UNUSABLE.search(name) or name in _GROUPS_OF_ANSIBLE or name in taken:
            raise InvalidOption(
                f"The host name {name!r} for context {one.name} in {one.kubeconfig} is not possible.",
                "Let the option host_name give letters, digits, dots, dashes and underscores, and no name of a group.",
            )
        if name in named:
            raise InvalidOption(
                f"Context {named[name].name} in {named[name].kubeconfig} and context {one.name} in {one.kubeconfig} would both be the "
                f"host {name}.",
                "Tell them apart by the option host_name, such as file ~ '-' ~ host_name, or leave one out by exclude.",
            )
        named[name] = one
    return named


def host_name(context: str) -> str:
    """The usual name of a host: that of its context; of an ARN, as EKS has, what comes after the last slash."""
    return _UNUSABLE.sub("-", context.rpartition("/")[2]).strip("-")


def chosen(named: Sequence[str], patterns: Sequence[str], option: str) -> list[str]:
    """The hosts that a list of names or patterns means.

    :raises InvalidOption: a name or pattern means none.
    """
    for pattern in patterns:
        if not any(fnmatchcase(host, pattern) for host in named):
            raise InvalidOption(
                f"The option {option} names {pattern}, which is no host; there are {listed(named) or 'none'}.",
                "Correct it, or let include take its context in.",
            )
    return [host for host in named if _matches(host, patterns)]


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _context(path: str, entry: Any, files: Mapping[str, Mapping[str, Any]]) -> Context:
    entry = entry if isinstance(entry, Mapping) else {}
    cluster, user = raw.text(entry, "context", "cluster"), raw.text(entry, "context", "user")
    whole = _named(files[path], "clusters", cluster) and _named(files[path], "users", user)
    others = [] if whole else [other for other in files if other != path]
    users = [_named(files[file], "users", user) for file in (path, *others)]
    return Context(
        name=raw.text(entry, "name"),
        kubeconfig=os.pathsep.join([path, *others]),
        cluster=cluster,
        user=user,
        namespace=raw.text(entry, "context", "namespace"),
        file=os.path.splitext(os.path.basename(path))[0],
        secrets=frozenset(
            secret for one in users for secret in (*redaction.secrets(one.get("user")), raw.text(one, "user", _CERTIFICATE)) if secret
        ),
    )


def _named(content: Mapping[str, Any], group: str, name: str) -> Mapping[str, Any]:
    return next((one for one in raw.items(content, group) if isinstance(one, Mapping) and raw.text(one, "name") == name), {})
