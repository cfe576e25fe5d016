# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The options that modules share, word for word."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from .._charts import chart as charts
from .._charts import keys, versions
from .._cluster.connection_options import EXPECTED_UID, OPTIONS
from .._errors import InvalidOption
from .._mesh import revision as revisions

Spec = dict[str, dict[str, Any]]


def connection() -> Spec:
    """The connection options, and the check that the cluster is the one that was meant."""
    return {**{word: copy.deepcopy(dict(option)) for word, option in OPTIONS.items()}, EXPECTED_UID: {"type": "str"}}


def peer() -> dict[str, Any]:
    """The connection to another cluster than the module's own, as a dictionary of the same words."""
    return {"type": "dict", "options": connection()}


def clusters() -> Spec:
    """The other clusters of the mesh, each with the name by which Istio knows it and the words of C(peer)."""
    options = {"name": {"type": "str", "required": True}, **connection()}
    return {"clusters": {"type": "list", "elements": "dict", "default": [], "options": options}}


def waiting(seconds: int = 300) -> Spec:
    """C(wait) and C(wait_timeout) in seconds."""
    return {"wait": {"type": "bool", "default": True}, "wait_timeout": {"type": "int", "default": seconds}}


def control_plane_namespace() -> Spec:
    """Where istiod and its objects live."""
    return {"control_plane_namespace": {"type": "str", "default": "istio-system"}}


def chart() -> Spec:
    """Where a chart comes from, in the words of kubernetes.core.helm."""
    return {
        "chart_ref": {"type": "str"},
        "chart_repo_url": {"type": "str", "default": charts.OFFICIAL},
        "chart_version": {"type": "str"},
        "binary_path": {"type": "path"},
    }


def version(params: Mapping[str, Any]) -> versions.Version:
    """The version in the option of this name, which is supported unless C(allow_unsupported) is set.

    :raises MeshyardError: it is not.
    """
    found = versions.parse(params["version"])
    if not params["allow_unsupported"]:
        versions.check_supported(found)
    return found


def revision(params: Mapping[str, Any]) -> str:
    """The option of this name, else the revision that is named by the version.

    :raises InvalidOption: both are empty, or no revision can be called so.
    """
    if not (params["revision"] or params["version"]):
        raise InvalidOption("Neither revision nor version is given.", "Give revision, or version, by which the revision is named.")
    found: str = params["revision"] or revisions.revision_name(params["version"])
    revisions.check_revision(found)
    return found


def refuse_mistyped(params: Mapping[str, Any]) -> None:
    """Returns unless C(values) of the istiod chart have a type that it does not take, for modules that have no chart.

    :raises MeshyardError: they do.
    """
    keys.refuse_mistyped(params["values"], versions.parse(params["version"]).minor if params["version"] else None)
