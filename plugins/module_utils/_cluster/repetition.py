# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Which requests are sent again, how often, and after which pauses: 0.5, 1, 2 and 4 seconds, or what the server asks for."""

from __future__ import annotations

from typing import Any

try:
    from urllib3.exceptions import InvalidHeader, ProtocolError
    from urllib3.util import Retry
except ImportError:  # reported by connect() before any request is made
    InvalidHeader = ProtocolError = OSError  # type: ignore[misc,assignment]
    Retry = object  # type: ignore[misc,assignment]

CUT = ProtocolError("the answer is cut")
_LONGEST_SECONDS = 10.0
_OVERLOADED = (429, 503)  # not done, as a rule
_PASSING = (*_OVERLOADED, 502, 504)  # done, perhaps: a proxy in between lost the answer
_READING = (*_PASSING, 500)


class Patient(Retry):
    """Begins with a pause at once, and lets no server ask for an hour."""

    def get_backoff_time(self) -> float:
        """Seconds before the next request."""
        return min(0.5 * 2.0 ** max(len(self.history) - 1, 0), _LONGEST_SECONDS)

    def get_retry_after(self, response: Any) -> float | None:
        """Seconds that the server asks for."""
        try:
            asked = super().get_retry_after(response)
        except InvalidHeader:
            return None
        return None if asked is None else min(asked, _LONGEST_SECONDS)


def policy(method: str, *, repeatable: bool) -> Patient:
    """How a request is repeated without a look at what was answered.

    :param repeatable: whether it may be done twice. What may not is repeated where it cannot have been done.
    """
    return Patient(
        total=None,
        connect=2,
        read=3 if repeatable else False,
        redirect=2 if method == "GET" else False,
        status=4,
        other=2 if repeatable else 0,  # among others, a refused connection
        allowed_methods=None,
        status_forcelist=_READING if method == "GET" else _PASSING if repeatable else _OVERLOADED,
        raise_on_status=False,
    )


def is_passing(status: int, message: str, *, repeatable: bool) -> bool:
    """Whether an internal error is one that passes: a webhook whose server is just starting, or a change of etcd's leader."""
    if status != 500:
        return False
    return "failed calling webhook" in message or (repeatable and "etcdserver:" in message)
