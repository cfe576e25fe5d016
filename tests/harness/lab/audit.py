"""What an API server's audit log tells of who wrote."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

Event = dict[str, Any]

COLLECTION = "meshyard"
"""How the collection's user agent begins."""

_WRITES = ("create", "update", "patch", "delete", "deletecollection")


def events(log: Path) -> list[Event]:
    """The complete events of a log; the last line may still be written."""
    lines = log.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def writes_by(found: list[Event], agent: str, begin: str, end: str) -> list[Event]:
    """The writes that were no dry run, of clients whose user agent begins with C(agent), within two RFC 3339 times."""
    return [
        event
        for event in found
        if event.get("verb") in _WRITES
        and event.get("stage") == "ResponseComplete"
        and str(event.get("userAgent", "")).startswith(agent)
        and "dryRun=All" not in event.get("requestURI", "")
        and not event.get("requestURI", "").endswith(("/exec", "/portforward"))
        and begin <= event.get("requestReceivedTimestamp", "") <= end
    ]


def now() -> str:
    """The time as the audit log writes it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def received(event: Event) -> float:
    """When the API server received a request, as seconds since the epoch."""
    return datetime.datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp()
