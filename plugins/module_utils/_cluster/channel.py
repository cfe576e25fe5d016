# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The websockets behind exec and port-forward: an API client of their own, a limit of time, refusals as sentences."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator
from typing import Any

from .._errors import InvalidOption
from . import errors
from .connect import Cluster

SECONDS = 15.0
_HANDSHAKE = re.compile(r"Handshake status (\d{3})")


@contextlib.contextmanager
def core_api(cluster: Cluster) -> Iterator[Any]:
    """A C(CoreV1Api) of its own for one websocket, for C(kubernetes.stream) patches the client that it uses."""
    from kubernetes.client import CoreV1Api  # not before it is needed: it brings hundreds of models, which take a second
    from websocket import setdefaulttimeout

    setdefaulttimeout(SECONDS)  # without one, a server that stops answering holds the module for ever
    client = cluster.api.own_client()
    if any(header.lower().startswith("impersonate-") for header in client.default_headers):
        # The client library leaves these headers out of websockets: the program would run in the name of the account itself.
        raise InvalidOption("Neither exec nor port-forward can be done in the name of somebody else.", "Leave out impersonate_user.")
    try:
        yield CoreV1Api(client)
    finally:
        client.close()


def refusal(cluster: Cluster, verb: str, what: str, problem: BaseException) -> errors.ApiError | None:
    """The answer of the API server that refused a websocket; None where it gave none."""
    text = str(getattr(problem, "reason", None) or problem)
    status = _HANDSHAKE.search(text)
    return errors.from_response(cluster.name, verb, what, int(status.group(1)), _body(text)) if status else None


def short(problem: BaseException) -> str:
    """The first line of what went wrong, without its full stop."""
    text = str(getattr(problem, "reason", None) or problem) or type(problem).__name__
    return text.splitlines()[0].rstrip(".")


def _body(text: str) -> bytes:
    """The body of a refusal, which the websocket library appends: older versions as a Python literal, newer ones as it is."""
    body = text.rpartition("-+-+- ")[2].strip()
    if not body.startswith(("b'", 'b"')):
        return b"" if body == "None" else body.encode()
    try:
        found = ast.literal_eval(body)
    except (ValueError, SyntaxError):
        return b""
    return found if isinstance(found, bytes) else b""
