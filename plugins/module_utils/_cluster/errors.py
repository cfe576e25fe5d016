# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What the API server refused, and what could not be reached, as sentences."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from .._errors import MeshyardError

_WEBHOOK_SILENT = "failed calling webhook"
# The API server has no field for who denied a request: these are its own words (apiserver/pkg/admission, plugin/pkg/admission).
_DENIALS = {
    "ValidatingAdmissionPolicy": re.compile(r"ValidatingAdmissionPolicy '([^']+)'(?: with binding '[^']+')? denied request"),
    "MutatingAdmissionPolicy": re.compile(r"MutatingAdmissionPolicy '([^']+)'(?: with binding '[^']+')? denied request"),
    "admission webhook": re.compile(r'admission webhook "([^"]+)" denied the request'),
    "ResourceQuota": re.compile(r"exceeded quota: ([^,\s]+)|failed quota: ([^:\s]+)"),
    "Pod Security": re.compile(r'violates PodSecurity "([^"]+)"'),
}


_UNAUTHORIZED = re.compile(r'User "[^"]*" cannot |attempting to grant RBAC permissions')


@dataclass(frozen=True)
class Denial:
    """Who denied a request: the kind (C(ResourceQuota), say), and the name, empty where the API server does not tell it."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


class ApiError(MeshyardError):
    """The API server answered, and the answer was no.

    :ivar status: the HTTP status.
    :ivar reason: the machine-readable reason of Kubernetes, such as C(NotFound), C(Conflict), C(Forbidden).
    :ivar denial: who of those that admit requests denied this one; None where nobody did.
    """

    def __init__(self, cluster: str, verb: str, what: str, status: int, reason: str, message: str) -> None:
        self.status = status
        self.reason = reason
        self.message = message
        self.what = what
        self.denial = _denial(verb, status, message)
        super().__init__(
            f"Cluster {cluster} refused to {verb} {what}: {message.rstrip('.')}.",
            self._remedy(),
            code=self._code(),
            status=status,
            reason=reason,
        )

    @property
    def webhook_silent(self) -> bool:
        """Whether a webhook that must be asked did not answer."""
        return self.status == 500 and _WEBHOOK_SILENT in self.message

    def _code(self) -> str:
        if self.denial:
            return "admission_denied"
        return "webhook_unavailable" if self.webhook_silent else _CODES.get(self.status, "api_refused")

    def _remedy(self) -> str:
        if self.denial and self.denial.name:
            return f"Ask those who keep the {self.denial} to allow it, or leave this object out."
        if self.denial:
            return "Correct what the message names: the API server itself denies it."
        if self.webhook_silent:
            return "A webhook is registered whose service does not answer: bring its service back or remove the webhook, then run again."
        return _REMEDIES.get(self.status, "Look at the message of the API server and run again.")


class Unreachable(MeshyardError):
    """The API server, or a pod behind it, gave no answer."""

    code = "unreachable"


_CODES = {401: "unauthorized", 403: "forbidden", 409: "conflict"}
_REMEDIES = {
    401: "Check the credentials of this cluster: the token or certificate is not accepted.",
    403: "Give the account of this run the permission that the message names.",
    409: "Someone else changed the object at the same time: run again.",
    422: "Correct the value that the message names.",
    429: "The API server is overloaded: run again later.",
}


def _denial(verb: str, status: int, message: str) -> Denial | None:
    """Who denied a request, if that was not for want of a permission."""
    if status not in (400, 403, 422) or verb in ("read", "list"):
        return None
    for kind, words in _DENIALS.items():
        found = words.search(message)
        if found:
            return Denial(kind, next(name for name in found.groups() if name))
    # Admission plugins of the API server itself answer 403 too, without their name: LimitRanger and ServiceAccount, say.
    unnamed = status == 403 and " is forbidden: " in message and not _UNAUTHORIZED.search(message)
    return Denial("admission plugin", "") if unnamed else None


def from_response(cluster: str, verb: str, what: str, status: int, body: bytes) -> ApiError:
    """The error for an answer with an error status; its body is a C(Status) object or plain text."""
    text = body.decode("utf-8", "replace")
    try:
        answer = json.loads(text)
        reason, message = str(answer.get("reason", "")), str(answer.get("message") or text)
    except (ValueError, AttributeError):
        reason, message = "", text.strip() or f"HTTP status {status}"
    return ApiError(cluster, verb, what, status, reason, message)
