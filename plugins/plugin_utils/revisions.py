# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Which revisions of a primary serve others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..module_utils._charts import versions
from ..module_utils._errors import MeshyardError

Row = Mapping[str, Any]


def running(revisions: Iterable[Row]) -> list[dict[str, str]]:
    """The revisions that run in a cluster with their versions, the oldest version first.

    :param revisions: as M(meshyard.istio.istio_revision_info) returns them.
    """
    found = [{"revision": plane["revision"], "version": plane["version"]} for plane in revisions if plane["location"] == "cluster"]
    return sorted(found, key=lambda plane: (_version(plane["version"]), plane["revision"]))


def of_gateway(serving: Sequence[Row], gateways: Iterable[Row], namespace: str, name: str) -> dict[str, Any]:
    """The revision that a gateway belongs to: the one that it has, else the first that serves; empty where none does.

    :param gateways: as M(meshyard.istio.istio_revision_info) returns them.
    """
    has = {gateway["desired"] for gateway in gateways if (gateway["namespace"], gateway["name"]) == (namespace, name)}
    own = [revision for revision in serving if revision["revision"] in has]
    return dict((*own, *serving, {})[0])


def _version(text: str) -> versions.Version:
    """What cannot be read comes before all versions."""
    try:
        return versions.parse(text or "")
    except MeshyardError:
        return versions.Version(0, 0, 0)
