# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Pods as the controller of a workload would make them, for a dry run: does anything deny them?"""

from __future__ import annotations

import copy
from typing import Any

from ..._mesh import raw
from .model import Restarted

# A pod's name is at most a DNS subdomain.
_STEM = 200


def pod(one: Restarted) -> dict[str, Any]:
    """A pod of a workload, owned by it: policies treat pods that nobody owns otherwise."""
    seen = one.workload
    spec = copy.deepcopy(raw.mapping(one.template, "spec"))
    claims = [raw.name(claim) for claim in raw.items(one.obj, "spec", "volumeClaimTemplates")]
    if claims:
        given = [volume for volume in spec.get("volumes") or () if volume.get("name") not in claims]
        spec["volumes"] = [*given, *(_volume(claim, seen.name) for claim in claims)]
    owner = {"apiVersion": "apps/v1", "kind": seen.kind, "name": seen.name, "uid": seen.uid, "controller": True}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{seen.name[:_STEM]}-meshyard-trial",
            "namespace": seen.namespace,
            "labels": dict(seen.template_labels),
            "annotations": dict(seen.template_annotations),
            "ownerReferences": [owner],
        },
        "spec": spec,
    }


def _volume(claim: str, workload: str) -> dict[str, Any]:
    return {"name": claim, "persistentVolumeClaim": {"claimName": f"{claim}-{workload}-0"}}
