"""The access logs of sidecars: what each proxy writes of a request, and reading it from the files of the container runtime."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from lab.addresses import chosen

PROVIDER = "requests"
"""Name of the extension provider that a Telemetry selects."""

_PROXY = "istio-proxy"
_LABELS = {
    "cluster": "%UPSTREAM_CLUSTER_RAW%",
    "upstream": "%UPSTREAM_HOST%",
    "downstream": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "authority": "%REQ(:AUTHORITY)%",
    "content_type": "%REQ(CONTENT-TYPE)%",
    "protocol": "%PROTOCOL%",
    "code": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "grpc": "%GRPC_STATUS_NUMBER%",
    "milliseconds": "%DURATION%",
    "peer": "%DOWNSTREAM_PEER_URI_SAN%",
    "own": "%DOWNSTREAM_LOCAL_URI_SAN%",
}


class Place(NamedTuple):
    """The pod whose proxy has written a line."""

    namespace: str
    pod: str


def provider() -> dict[str, Any]:
    """The provider for Istio's mesh configuration."""
    return {"name": PROVIDER, "envoyFileAccessLog": {"path": "/dev/stdout", "logFormat": {"labels": _LABELS}}}


class Logs:
    """The lines of all proxies of a cluster, each once, those of pods that have ended included."""

    def __init__(self, cluster_name: str) -> None:
        self._folder = chosen(cluster_name)[0].directory / "pod-logs"
        self._open: dict[Path, BinaryIO] = {}

    def lines(self) -> Iterator[tuple[Place, dict[str, Any]]]:
        """What was written since the last call."""
        for path in sorted({*self._folder.glob(f"*/{_PROXY}/*.log"), *self._open}):
            namespace, pod, _uid = path.parent.parent.name.split("_")
            for line in self._new(path):
                found = _request(line)
                if found is not None:
                    yield Place(namespace, pod), found

    def close(self) -> None:
        """Reads no more."""
        while self._open:
            self._open.popitem()[1].close()

    def _new(self, path: Path) -> list[str]:
        """A log that has grown is renamed, and another one begins in its place; that of a pod which has gone is removed."""
        inode = _inode(path)
        file = self._open.get(path)
        lines = _whole_lines(file) if file else []
        if file and inode != os.fstat(file.fileno()).st_ino:
            self._open.pop(path).close()
            file = None
        if inode and not file:
            self._open[path] = path.open("rb")
            lines += _whole_lines(self._open[path])
        return lines


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _whole_lines(file: BinaryIO) -> list[str]:
    """The lines from where the file was read last; the beginning of one that is being written is left for the next time."""
    begin, content = file.tell(), file.read()
    whole = content[: content.rfind(b"\n") + 1]
    file.seek(begin + len(whole))
    return whole.decode(errors="replace").splitlines()


def _request(line: str) -> dict[str, Any] | None:
    """The request that a line of the runtime's log (time, stream, tag, text) is about; None for the proxy's other words."""
    text = line.split(" ", 3)[-1]
    if not text.startswith("{"):
        return None
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:
        return None
    return found if found.keys() >= {"cluster", "code", "milliseconds"} else None
