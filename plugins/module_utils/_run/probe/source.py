# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Where a probe is sent from: the option, and the pod and container that it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.kinds import kind
from ..._cluster.wait import Pending, Ready, until
from ..._errors import InvalidOption, MeshyardError
from ..._mesh import labels, raw
from ..._mesh.proxies import finished
from ..._mesh.restart import owner_of_pod
from ..._words import listed

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
_WAYS = ("workload", "pod", "temporary", "controller")


@dataclass(frozen=True)
class Source:
    """The option C(from): exactly one of C(workload), C(pod), C(temporary) and C(controller) is set."""

    namespace: str = ""
    workload: str = ""
    pod: str = ""
    temporary: bool = False
    controller: bool = False
    container: str = ""
    image: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.controller:
            return "the controller"
        if self.temporary:
            return f"a temporary pod in namespace {self.namespace}"
        return f"{self.namespace}/{self.workload or self.pod}"


@dataclass(frozen=True)
class WaitPolicy:
    """How long to wait, whom to tell meanwhile, and how to notice that the run is gone."""

    seconds: float
    tell: Callable[[str], None]
    alive: Callable[[], None]

    def until(self, cluster: Cluster, observe: Callable[[], Pending | Ready[Any]]) -> Any:
        """Waits for a condition in a cluster."""
        return until(observe, timeout=self.seconds, where=cluster.name, tell=self.tell, alive=self.alive)


def parse(given: Mapping[str, Any]) -> Source:
    """The source that the option C(from) describes.

    :raises MeshyardError: none or several places, or a place without its namespace or image.
    """
    chosen = [way for way in _WAYS if given.get(way)]
    if len(chosen) != 1:
        raise InvalidOption(
            f"The option from gives {' and '.join(chosen) or 'no place'} to send from.", f"Give exactly one of {', '.join(_WAYS)}."
        )
    source = Source(**{key: given[key] for key in Source.__dataclass_fields__ if given.get(key)})
    if not source.controller and not source.namespace:
        raise InvalidOption(f"The option from gives a {chosen[0]} without its namespace.", "Give from.namespace as well.")
    if source.temporary and not source.image:
        raise InvalidOption(
            f"The option from wants {source}, and gives no image for it.",
            "Give from.image: one with sleep, a shell, and curl, python3, fortio or wget, which the nodes can pull.",
        )
    return source


def find(cluster: Cluster, source: Source) -> dict[str, Any]:
    """The pod that a source of kind workload or pod means: of a workload the newest one that is ready.

    :raises MeshyardError: there is none that runs.
    """
    if source.pod:
        pod = read.get(cluster, kind("Pod"), source.pod, source.namespace)
        if pod is None or finished(pod):
            raise MeshyardError(
                f"There is no running pod {source.namespace}/{source.pod} on cluster {cluster.name}.",
                "Name a pod that runs, or a workload.",
            )
        return pod
    pods = [pod for pod in read.objects(cluster, kind("Pod"), source.namespace) if _belongs(pod, source.workload)]
    ready = sorted((pod for pod in pods if is_ready(pod)), key=lambda pod: raw.text(pod, "metadata", "creationTimestamp"))
    if not ready:
        raise MeshyardError(
            f"Workload {source} on cluster {cluster.name} has no ready pod to send a probe from ({len(pods)} pods in all).",
            "Name a workload of this namespace, as NAME or KIND/NAME, and wait until one of its pods is ready.",
        )
    return ready[-1]


def container(pod: raw.Raw, name: str = "") -> str:
    """The container to send from: the one named, else the pod's default, else the first that is no proxy.

    :raises MeshyardError: the pod has no container of that name.
    """
    names = [raw.text(one, "name") for one in raw.items(pod, "spec", "containers")]
    known = [*names, *(raw.text(one, "name") for one in raw.items(pod, "spec", "initContainers"))]
    if name and name not in known:
        raise MeshyardError(f"The pod {raw.qualified(pod)} has no container {name}.", f"Name one of {listed(known)}.")
    default = raw.annotations_of(pod).get(DEFAULT_CONTAINER, "")
    apps = [one for one in names if one != labels.PROXY_CONTAINER] or names
    return name or (default if default in names else apps[0])


def is_ready(pod: raw.Raw) -> bool:
    """Whether a pod is ready, and meant to stay."""
    if raw.at(pod, "metadata", "deletionTimestamp"):
        return False
    return any((raw.text(one, "type"), raw.text(one, "status")) == ("Ready", "True") for one in raw.items(pod, "status", "conditions"))


def _belongs(pod: raw.Raw, workload: str) -> bool:
    owner = owner_of_pod(pod)
    wanted_kind, _slash, wanted = workload.rpartition("/")
    return owner.name == wanted and wanted_kind.lower() in ("", owner.kind.lower())
