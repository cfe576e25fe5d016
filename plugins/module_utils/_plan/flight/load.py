# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The load of a test flight: what is sent, how fast, and when it is over whatever happens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._errors import InvalidOption

MOST_PER_SECOND, MOST_CONNECTIONS, MOST_SECONDS = 100_000, 1_000, 7_200
PERCENTILES = (50, 90, 99)


@dataclass(frozen=True)
class Load:
    """Requests at a steady rate, for C(seconds) or until there were C(count) of them; the other one is None.

    :ivar timeout: seconds for one request.
    """

    url: str
    qps: float
    seconds: int | None = None
    count: int | None = None
    connections: int = 4
    timeout: float = 5.0
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    tls_verify: bool = True

    @property
    def longest(self) -> int:
        """Seconds after which it is over, though every single request should take as long as it may."""
        if self.count is None:
            return math.ceil((self.seconds or 0) + self.timeout)
        return math.ceil(max(self.count / self.qps, math.ceil(self.count / self.connections) * self.timeout) + self.timeout)

    def __str__(self) -> str:
        much = f"{self.count} requests" if self.count is not None else f"{self.seconds} s of requests"
        return f"{much} at {self.qps:g} a second to {self.url}"


def parse(given: Mapping[str, Any]) -> Load:
    """The options of the module.

    :raises MeshyardError: the load has no end, or one that is too far.
    """
    if (given["seconds"] is None) == (given["requests"] is None):
        raise InvalidOption("A test flight ends after a time or after a number of requests.", "Give exactly one of seconds and requests.")
    load = Load(
        url=given["url"],
        qps=given["qps"],
        seconds=given["seconds"],
        count=given["requests"],
        connections=given["connections"],
        timeout=given["timeout"],
        method=given["method"].upper(),
        headers={str(name): str(value) for name, value in given["headers"].items()},
        tls_verify=given["url_validate_certs"],
    )
    _refuse(load)
    return load


def command(load: Load, binary: str) -> list[str]:
    """Fortio's command line: its report goes to standard output."""
    bound = ["-n", str(load.count)] if load.count is not None else ["-t", f"{load.seconds}s"]
    quiet = ["-quiet", "-loglevel", "Critical", "-log-errors=false", "-allow-initial-errors"]
    speed = ["-qps", f"{load.qps:g}", "-c", str(load.connections), "-timeout", f"{load.timeout:g}s", *bound]
    method = [] if load.method == "GET" else ["-X", load.method]
    headers = [word for name, value in load.headers.items() for word in ("-H", f"{name}: {value}")]
    percentiles = ",".join(map(str, PERCENTILES))
    trust = [] if load.tls_verify else ["-k"]
    return [binary, "load", *quiet, "-json", "-", "-p", percentiles, *speed, *method, *headers, *trust, load.url]


def _refuse(load: Load) -> None:
    bounds = {
        "qps": (load.qps, MOST_PER_SECOND),
        "seconds": (1 if load.seconds is None else load.seconds, MOST_SECONDS),
        "requests": (1 if load.count is None else load.count, math.inf),
        "connections": (load.connections, MOST_CONNECTIONS),
        "timeout": (load.timeout, MOST_SECONDS),
    }
    for name, (value, most) in bounds.items():
        if not 0 < value <= most or math.isinf(value):
            limit = "" if math.isinf(most) else f" up to {most:,}"
            raise InvalidOption(f"The option {name} is {value:g}.", f"Give a positive number{limit}: a test flight has an end.")
    if load.count is not None and load.count < load.connections:
        raise InvalidOption(f"{load.count} requests cannot be sent over {load.connections} connections.", "Give fewer connections.")
    if load.longest > MOST_SECONDS:
        raise InvalidOption(
            f"{load.count} requests may take {load.longest} s, should none be answered in time.",
            f"Give fewer requests, a shorter timeout or more connections, so that it is over after {MOST_SECONDS} s at most.",
        )
