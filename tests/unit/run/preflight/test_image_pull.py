"""A trial of an image tells whether it can be pulled, and leaves no pod behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.wait import Pending, Ready, TimedOut
from ansible_collections.meshyard.istio.plugins.module_utils._plan.preflight.model import Image
from ansible_collections.meshyard.istio.plugins.module_utils._run.preflight import image_pull

IMAGE = Image("hub/proxyv2:1.32.0")


class Pods:
    """The one pod of a trial: kept when it is created, with the status that a kubelet would give it."""

    def __init__(self, status: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        self.status, self.live, self.made = status, False, 0
        monkeypatch.setattr(image_pull.write, "create", self.create)
        monkeypatch.setattr(image_pull.write, "delete", self.delete)
        monkeypatch.setattr(image_pull.read, "get", self.get)

    def create(self, _cluster: Any, body: dict[str, Any], _manager: str) -> dict[str, Any]:
        self.live, self.made = True, self.made + 1
        return body

    def delete(self, *_arguments: Any) -> bool:
        was, self.live = self.live, False
        return was

    def get(self, *_arguments: Any, **_options: Any) -> dict[str, Any] | None:
        return {"metadata": {"name": image_pull.NAME}, "status": self.status} if self.live else None


def once(observe: Callable[[], Pending | Ready[Any]]) -> Any:
    """Waits for nothing: what is not ready at once never is."""
    seen = observe()
    if isinstance(seen, Pending):
        raise TimedOut(f"still waiting for {seen.what}", "", seen.what)
    return seen.value


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"containerStatuses": [{"state": {"waiting": {"reason": reason, "message": message}}}]}


@pytest.mark.parametrize(
    ("status", "pulled", "why"),
    [
        ({"containerStatuses": [{"imageID": "sha256:abc", "state": {"running": {}}}]}, True, ""),
        ({"containerStatuses": [{"state": {"terminated": {"exitCode": 1}}}]}, True, ""),
        (waiting("ErrImagePull", "not found."), False, "not found"),
        (waiting("ImagePullBackOff"), False, "ImagePullBackOff"),
        (waiting("ContainerCreating"), None, ""),
        ({}, None, ""),
    ],
)
def test_a_trial_tells_what_the_kubelet_says_and_takes_its_pod_away(
    status: dict[str, Any], pulled: bool | None, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pods = Pods(status, monkeypatch)
    found = image_pull.attempt(None, "istio-system", IMAGE, ["pull-secret"], once)  # type: ignore[arg-type]
    assert (found.pulled, found.why) == (pulled, why)
    assert (pods.made, pods.live) == (1, False)


def test_the_pod_of_a_trial_is_no_part_of_the_mesh_and_ends_by_itself() -> None:
    made = image_pull.pod("istio-system", IMAGE.name, ["pull-secret"])
    assert made["metadata"]["labels"]["sidecar.istio.io/inject"] == "false"
    assert made["spec"]["activeDeadlineSeconds"] > 0
    assert made["spec"]["restartPolicy"] == "Never"
    assert made["spec"]["imagePullSecrets"] == [{"name": "pull-secret"}]
