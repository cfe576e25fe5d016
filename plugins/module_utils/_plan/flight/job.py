# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The Job by which a cluster flies a test itself. Kubernetes ends and removes it, should nobody be left to do so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._errors import InvalidOption
from ..._mesh import labels
from ..objects.confined import CONFINED
from ..objects.steps import Object
from .load import Load, command

OWNER = "test-flight"
CONTAINER = "fortio"
NAME = "job-name"  # the label by which the Job controller marks the pods of a Job
_KEPT_SECONDS, _SPARE_SECONDS = 300, 30
# Fortio starts when the proxy does, where that is no native sidecar: it would lose its first requests otherwise.
_AFTER_PROXY = {labels.PROXY_CONFIG: json.dumps({"holdApplicationUntilProxyStarts": True})}


@dataclass(frozen=True)
class Place:
    """Where the Job runs: C(sidecar) is None where namespace and labels decide."""

    namespace: str
    image: str
    labels: Mapping[str, str] = field(default_factory=dict)
    sidecar: bool | None = None


def parse(given: Mapping[str, Any]) -> Place:
    """The options of the module.

    :raises MeshyardError: one is missing.
    """
    missing = [option for option in ("namespace", "image") if not given[option]]
    if missing:
        raise InvalidOption(f"A test flight as a Job needs {' and '.join(missing)}.", "Give them, or send from the controller.")
    marks = {str(name): str(value) for name, value in given["labels"].items()}
    return Place(given["namespace"], given["image"], marks, given["sidecar"])


def manifest(name: str, place: Place, load: Load, patience: int) -> Object:
    """The Job.

    :param patience: seconds within which its pod must start.
    """
    sidecar = {} if place.sidecar is None else {labels.INJECT: str(place.sidecar).lower()}
    owner = {labels.OWNER: OWNER}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": place.namespace, "labels": owner},
        "spec": {
            "activeDeadlineSeconds": patience + load.longest + _SPARE_SECONDS,
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": _KEPT_SECONDS,
            "template": {
                "metadata": {"labels": {**place.labels, **sidecar, **owner}, "annotations": _AFTER_PROXY},
                "spec": {
                    "automountServiceAccountToken": False,
                    "containers": [
                        {"name": CONTAINER, "image": place.image, "command": command(load, "fortio"), "securityContext": CONFINED}
                    ],
                    "enableServiceLinks": False,
                    "restartPolicy": "Never",
                    "terminationGracePeriodSeconds": 1,
                },
            },
        },
    }
