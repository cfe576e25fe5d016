# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What the API server refused, and what could not be reached, as sentences."""

from __future__ import annotations

import json

from .._errors import MeshyardError


class ApiError(MeshyardError):
    """The API server answered, and the answer was no.

    :ivar status: the HTTP status.
    :ivar reason: the machine-readable reason of Kubernetes, such as C(NotFound), C(Conflict), C(Forbidden).
    """

    def __init__(self, cluster: str, verb: str, what: str, status: int, reason: str, message: str) -> None:
        super().__init__(
            f"Cluster {cluster} refused to {verb} {what}: {message.rstrip('.')}.",
            _remedy(status, message),
            status=status,
            reason=reason,
        )
        self.status = status
        self.reason = reason
        self.message = message


class Unreachable(MeshyardError):
    """The API server, or a pod behind it, gave no answer."""


_REMEDIES = {
    401: "Check the credentials of this cluster: the token or certificate is not accepted.",
    403: "Give the account of this run the permission that the message names.",
    409: "Someone else changed the object at the same time: run again.",
    422: "Correct the value that the message names.",
    429: "The API server is overloaded: run again later.",
}


def _remedy(status: int, message: str) -> str:
    if "failed calling webhook" in message:
        return "A webhook is registered whose service does not answer: bring its service back or remove the webhook, then run again."
    return _REMEDIES.get(status, "Look at the message of the API server and run again.")


def from_response(cluster: str, verb: str, what: str, status: int, body: bytes) -> ApiError:
    """The error for an answer with an error status; its body is a C(Status) object or plain text."""
    text = body.decode("utf-8", "replace")
    try:
        answer = json.loads(text)
        reason, message = str(answer.get("reason", "")), str(answer.get("message") or text)
    except (ValueError, AttributeError):
        reason, message = "", text.strip() or f"HTTP status {status}"
    return ApiError(cluster, verb, what, status, reason, message)
