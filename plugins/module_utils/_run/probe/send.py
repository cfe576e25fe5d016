# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Sending a probe: requests from a place to a URL, and the answers to them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ..._cluster.connect import Cluster
from ..._errors import InvalidOption
from ..._mesh import raw
from ..._mesh.proxies import injected_by
from ..._plan.gate.traffic import Answer
from ..._plan.objects.steps import Create, Delete, Object, Patch, Plan, ref_of
from . import exec as probe_exec
from . import http_client
from . import pod as probe_pod
from . import source as probe_source
from .exec import Place, Request
from .source import Source, WaitPolicy

_SPARE_SECONDS = 60
# Methods and names of headers: https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BLANK = re.compile(r"\s")
_LINE_BREAK = re.compile(r"[\r\n]")
_MOST_AT_ONCE = 50


@dataclass(frozen=True)
class Sender:
    """Who sends.

    :ivar place: the container; None for the controller, and for a container that is still to be made.
    :ivar plane: the revision of the pod's sidecar, if it has one.
    :ivar steps: what is made for it, and taken away again where that is possible.
    """

    place: Place | None = None
    plane: str | None = None
    steps: Plan = ()

    def describe(self) -> dict[str, Any]:
        """The sender as it is returned."""
        place = self.place
        return {
            "namespace": place.namespace if place else None,
            "pod": place.pod if place else None,
            "container": place.container if place else None,
            "revision": self.plane,
        }


@dataclass(frozen=True)
class Sent:
    """A probe that was sent, with the answers in no particular order; without any where it was only foreseen."""

    sender: Sender
    client: str = ""
    answers: tuple[Answer, ...] = ()


def check(request: Request) -> None:
    """Refuses a request that cannot be sent.

    :raises MeshyardError: the URL or a number in it.
    """
    check_target(request.url, request.method, request.headers)
    if request.count < 1 or not 0 < request.timeout < float("inf"):
        raise InvalidOption(f"A probe of {request.count} requests of {request.timeout:g} s each cannot be sent.", "Give positive numbers.")
    if not 1 <= request.concurrency <= _MOST_AT_ONCE:
        raise InvalidOption(f"The concurrency {request.concurrency} is not possible.", f"Give a number from 1 to {_MOST_AT_ONCE}.")


def check_target(url: str, method: str, headers: Mapping[str, str]) -> None:
    """Refuses what no HTTP client can ask.

    :raises MeshyardError: the URL, the method or a header.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not _has_port(parts) or _BLANK.search(url):
        raise InvalidOption(f"{url!r} is no URL that can be asked.", "Give one such as http://cart.shop:8080/health.")
    if not _TOKEN.fullmatch(method):
        raise InvalidOption(f"{method!r} is no HTTP method.", "Give one such as GET.")
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or _LINE_BREAK.search(value):
            raise InvalidOption(f"The header {name!r} cannot be sent.", "Give a name without blanks, and a value without line breaks.")


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:  # not a number, or above 65535
        return False


def foresee(cluster: Cluster, source: Source, request: Request, patience: WaitPolicy) -> Sender:
    """Who would send, without making or sending anything.

    :raises MeshyardError: there is no such place, or the request cannot be sent.
    """
    check(request)
    if source.controller:
        return Sender()
    lifetime = _lifetime(request, patience)
    if source.temporary:
        return Sender(steps=_temporary(probe_pod.manifest(source, lifetime)))
    pod = probe_source.find(cluster, source)
    if source.image:
        step = probe_pod.ephemeral(pod, source.image, lifetime)
        known = probe_pod.running_ephemeral(pod, source.image)
        return Sender(_place(pod, known) if known else None, injected_by(pod), (step,) if step else ())
    return Sender(_place(pod, probe_source.container(pod, source.container)), injected_by(pod))


def send(cluster: Cluster, source: Source, request: Request, patience: WaitPolicy) -> Sent:
    """Sends all requests of a probe.

    :raises MeshyardError: nothing could be sent; requests that fail are answers, not errors.
    """
    with contextlib.ExitStack() as held:
        sender = _sender(held, cluster, source, request, patience)
        patience.tell(f"sending {request.count} requests from {source} to {request.url}")
        lane = _from_here(request, patience) if sender.place is None else _from_pod(cluster, sender.place, request, patience)
        counts = _lanes(request)
        with ThreadPoolExecutor(max_workers=len(counts)) as pool:
            results = list(pool.map(lane, counts))
    return Sent(sender, results[0][0], tuple(answer for _client, answers in results for answer in answers))


def _sender(held: contextlib.ExitStack, cluster: Cluster, source: Source, request: Request, patience: WaitPolicy) -> Sender:
    """Where requests are sent from; what is made for it goes when C(held) is left."""
    foreseen = foresee(cluster, source, request, patience)
    step = foreseen.steps[0] if foreseen.steps else None
    if isinstance(step, Create):
        pod = held.enter_context(probe_pod.temporary(cluster, step.body, patience))
        return replace(foreseen, place=_place(pod, probe_pod.CONTAINER), plane=injected_by(pod))
    if isinstance(step, Patch):
        added = probe_pod.add(cluster, step, patience)
        return replace(foreseen, place=Place(step.ref.namespace, step.ref.name, added))
    return foreseen


def _temporary(body: Object) -> Plan:
    reason = "send a probe"
    return Create(body, probe_pod.MANAGER, reason), Delete(ref_of(body), reason=reason)


def _place(pod: raw.Raw, container: str) -> Place:
    return Place(raw.namespace(pod), raw.name(pod), container)


def _lifetime(request: Request, patience: WaitPolicy) -> int:
    """Seconds within which a probe is over, generously."""
    return int(patience.seconds + request.count * (request.timeout + 1) / request.concurrency) + _SPARE_SECONDS


Lane = Callable[[int], tuple[str, list[Answer]]]


def _from_pod(cluster: Cluster, place: Place, request: Request, patience: WaitPolicy) -> Lane:
    return lambda count: probe_exec.send(cluster, place, request, count, patience.alive)


def _from_here(request: Request, patience: WaitPolicy) -> Lane:
    def lane(count: int) -> tuple[str, list[Answer]]:
        answers = []
        for _turn in range(count):
            patience.alive()
            answers.append(
                Answer(
                    **http_client.send(request.url, request.method, request.headers, request.timeout, request.tls_verify, request.resolve)
                )
            )
        return "controller", answers

    return lane


def _lanes(request: Request) -> list[int]:
    """How many requests each of those that send at a time has to send."""
    lanes = min(request.concurrency, request.count)
    return [request.count // lanes + (1 if position < request.count % lanes else 0) for position in range(lanes)]
