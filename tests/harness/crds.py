"""CRDs of Istio's own chart, put on an API server."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable

import yaml

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from lab.client import ApiError, Client
from lab.paths import chart
from lab.waiting import until

_PATH = kind("CustomResourceDefinition").path()


def install(client: Client, names: Iterable[str]) -> None:
    """Puts the CRDs of these kinds (names as in C(kinds)) and returns when they are served."""
    wanted = {_crd(name): name for name in names}
    with tarfile.open(chart("base", "1.32.0")) as packed:
        file = packed.extractfile("base/files/crd-all.gen.yaml")
        assert file is not None
        for crd in yaml.safe_load_all(file):
            if crd and crd["metadata"]["name"] in wanted:
                client.ensure(_PATH, crd)
    until(lambda: all(served(client, name) for name in wanted.values()), 30, lambda: "A CRD is not served.")


def remove(client: Client, names: Iterable[str]) -> None:
    """Takes them away again, with all their objects, and returns when they are gone."""
    for path in [f"{_PATH}/{_crd(name)}" for name in names]:
        if client.found(path):
            client.request("DELETE", path)
    until(lambda: not any(served(client, name) for name in names), 30, lambda: "A CRD does not go.")


def served(client: Client, name: str) -> bool:
    """Whether the server knows a kind."""
    try:
        client.get(kind(name).path())
    except ApiError:
        return False
    return True


def _crd(name: str) -> str:
    return f"{kind(name).plural}.{kind(name).group}"
