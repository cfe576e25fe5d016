# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Where the addresses in an EndpointSlice of ours come from, as the slice itself names it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..._mesh import raw
from ..objects.steps import Object

FROM = "meshyard.io/endpoints-from"
PODS, GATEWAY, ADDRESS, SERVICE = "pods", "gateway", "address", "service"
# How the annotation calls the subject of a source.
_WORDS = {PODS: "revision", GATEWAY: "service", ADDRESS: "", SERVICE: "service"}
_QUALIFIED = re.compile(r"[a-z0-9][-.a-z0-9]*/[a-z0-9][-.a-z0-9]*")
_LACKS = {PODS: "ready pod of istiod", GATEWAY: "address of Service", SERVICE: "ready endpoint of Service"}


@dataclass(frozen=True, order=True)
class Source:
    """Where addresses come from.

    :ivar reach: one of the words above. :ivar subject: the revision, or C(namespace/name) of a Service on the primary.
    """

    reach: str
    subject: str = ""

    @property
    def annotation(self) -> dict[str, str]:
        """The annotation by which a slice names its source."""
        word = _WORDS[self.reach]
        source = {"reach": self.reach, **({word: self.subject} if word else {})}
        return {FROM: json.dumps(source, separators=(",", ":"))}

    @property
    def lack(self) -> str:
        """What is missing where it has no address, in words."""
        return f"{_LACKS.get(self.reach, 'address of')} {self.subject}"


def source_of(obj: raw.Raw) -> Source | None:
    """The source that a slice names, or None where it names none that is known."""
    try:
        source = json.loads(raw.annotations_of(obj).get(FROM, ""))
    except ValueError:
        return None
    reach = raw.text(source, "reach")
    if reach not in _WORDS:
        return None
    subject = raw.text(source, _WORDS[reach]) if _WORDS[reach] else ""
    if (reach == PODS and not subject) or (reach in (GATEWAY, SERVICE) and not is_service(subject)):
        return None
    return Source(reach, subject)


def is_service(subject: str) -> bool:
    """Whether a text can be the C(namespace/name) of a Service."""
    return _QUALIFIED.fullmatch(subject) is not None


def ready(addresses: Iterable[str]) -> list[Object]:
    """The endpoints of a slice with these addresses, each once and in one order."""
    return [{"addresses": [address], "conditions": {"ready": True}} for address in sorted(set(addresses))]


def of_pods(pods: Iterable[raw.Raw]) -> list[str]:
    """The addresses of those pods that are ready and stay."""
    return sorted(raw.text(pod, "status", "podIP") for pod in pods if _is_ready(pod) and raw.text(pod, "status", "podIP"))


def _is_ready(pod: raw.Raw) -> bool:
    conditions = {raw.text(one, "type"): raw.text(one, "status") for one in raw.items(pod, "status", "conditions")}
    return conditions.get("Ready") == "True" and raw.at(pod, "metadata", "deletionTimestamp") is None
