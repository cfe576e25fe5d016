# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What is released, and the names of all that a release adds."""

from __future__ import annotations

from dataclasses import dataclass

from ..._errors import InvalidOption
from ..._mesh import host, labels

MANAGER = "meshyard-release"
"""The field manager of what a release writes."""

CANARY = "-canary"
_OWNER = "release-"
_RECORD = "release-of-"
RECORD_PREFIX = f"meshyard.io/{_RECORD}"
"""What the annotations begin with by which changed objects say what they were."""

_LONGEST = 63  # of a label's value, a Service's name, and the name in an annotation's key


@dataclass(frozen=True)
class Target:
    """The Deployment that is released, behind its stable Service.

    :ivar other_subsets: subsets of the stable host that select other workloads' pods: their traffic is not this release's.
    """

    namespace: str
    name: str
    service: host.Service
    other_subsets: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"Deployment {self.namespace}/{self.name}"

    @property
    def canary(self) -> str:
        """The name of the canary's Deployment."""
        return f"{self.name}{CANARY}"

    @property
    def canary_service(self) -> host.Service:
        """The Service in front of the canary."""
        return host.Service(self.service.namespace, f"{self.service.name}{CANARY}", self.service.domain)

    @property
    def owner(self) -> str:
        """The owner that every added object names."""
        return f"{_OWNER}{self.name}"

    @property
    def labels(self) -> dict[str, str]:
        """The labels of every added object. An owner's name is not unique over namespaces, and some objects are added in others."""
        return {labels.OWNER: self.owner, labels.RELEASE_NAMESPACE: self.namespace}

    @property
    def record_annotation(self) -> str:
        """The annotation by which a changed object says what it was."""
        return f"{RECORD_PREFIX}{self.name}"

    def copy_name(self, name: str, namespace: str) -> str:
        """The name of the canary's copy of an object. Outside its namespace another release may need one of the same name."""
        return f"{name}{CANARY}" if namespace == self.namespace else f"{name}-{self.namespace}{CANARY}"


def refuse_long_names(target: Target) -> None:
    """Returns when every name that a release makes is short enough for Kubernetes.

    :raises InvalidOption: one is not.
    """
    longest = _LONGEST - len(_RECORD)
    if len(target.name) > longest:
        raise InvalidOption(
            f"The name of {target} has {len(target.name)} characters; the annotation in which a release keeps it has room for {longest}.",
            "Release a Deployment with a shorter name.",
        )
    if len(target.canary_service.name) > _LONGEST:
        raise InvalidOption(
            f"{target.canary_service}, which a release of {target} adds, would have a name of more than {_LONGEST} characters.",
            "Name a Service with a shorter name.",
        )
