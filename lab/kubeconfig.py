"""Kubeconfig files with everything embedded, so that they can be copied."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from lab.pki import Pair


def render(name: str, server: str, authority: Path, client: Pair) -> dict[str, Any]:
    """One cluster, one user, one context, all called `name`; client certificate and authority embedded."""
    user = {"client-certificate-data": _data(client.certificate), "client-key-data": _data(client.key)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "clusters": [
            {"name": name, "cluster": {"server": server, "certificate-authority-data": _data(authority)}},
        ],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def merge(configs: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """All clusters, users and contexts of several kubeconfigs; the first one's context is the current one."""
    parts = list(configs)
    merged: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "preferences": {}}
    for key in ("clusters", "users", "contexts"):
        merged[key] = [item for part in parts for item in part[key]]
    merged["current-context"] = parts[0]["current-context"] if parts else ""
    return merged


def write(path: Path, config: dict[str, Any]) -> None:
    """Write whole or not at all, readable by the owner alone."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.touch(mode=0o600)
    half.write_text(yaml.safe_dump(config, sort_keys=False))
    half.replace(path)


def read(path: Path) -> dict[str, Any]:
    """A kubeconfig file's content."""
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    return content


def _data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
