# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Trying whether an image can be pulled: a pod that names it, looked at and removed again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..._cluster import read, write
from ..._cluster.connect import Cluster
from ..._cluster.kinds import kind
from ..._cluster.wait import Pending, Ready, TimedOut
from ..._mesh import labels, raw
from ..._plan.objects.confined import CONFINED
from ..._plan.preflight.model import Image

NAME = "meshyard-pull-test"
MANAGER = "meshyard-pull-test"
# The pod of a run that was killed ends by itself.
_LONGEST_SECONDS = 600
_FAILED = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable")
_POD = kind("Pod")
_PROXY_USER = 1337

Until = Callable[[Callable[[], Any]], Any]


def attempt(cluster: Cluster, namespace: str, image: Image, secrets: Sequence[str], until: Until) -> Image:
    """The image with the result of a trial; without one when nothing could be told in time.

    :param secrets: names of the pull secrets that the proxies use.
    :param until: waits for a condition, see C(_cluster.wait).
    """
    write.delete(cluster, _POD, namespace, NAME)
    until(lambda: _gone(cluster, namespace))
    write.create(cluster, pod(namespace, image.name, secrets), MANAGER)
    try:
        why: str = until(lambda: _judge(read.get(cluster, _POD, NAME, namespace) or {}))
    except TimedOut:
        return image
    finally:
        write.delete(cluster, _POD, namespace, NAME)
    return replace(image, pulled=not why, why=why)


def pod(namespace: str, image: str, secrets: Sequence[str]) -> dict[str, Any]:
    """A pod that pulls an image and ends."""
    container = {
        "name": "image",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["pilot-agent", "version"],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
        "securityContext": {**CONFINED, "runAsUser": _PROXY_USER},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": NAME, "namespace": namespace, "labels": {"app": NAME, labels.INJECT: "false"}},
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": _LONGEST_SECONDS,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "imagePullSecrets": [{"name": name} for name in secrets],
            "containers": [container],
        },
    }


def _gone(cluster: Cluster, namespace: str) -> Pending | Ready[None]:
    if read.get(cluster, _POD, NAME, namespace, metadata_only=True) is None:
        return Ready(None)
    return Pending(f"pod {namespace}/{NAME} to go")


def _judge(seen: Mapping[str, Any]) -> Pending | Ready[str]:
    """Ready with an empty text when the image is there, with the reason when it cannot be had."""
    for status in raw.items(seen, "status", "containerStatuses"):
        waiting = raw.mapping(status, "state", "waiting")
        if waiting.get("reason") in _FAILED:
            return Ready(str(waiting.get("message") or waiting["reason"]).rstrip("."))
        if raw.text(status, "imageID") or raw.mapping(status, "state", "running") or raw.mapping(status, "state", "terminated"):
            return Ready("")
    return Pending(f"the image of pod {raw.qualified(seen) or NAME}")
