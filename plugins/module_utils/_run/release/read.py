# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading a Deployment and everything that a release of it touches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.kinds import kind
from ..._errors import MeshyardError
from ..._mesh import host, labels, raw, release
from ..._plan.objects.steps import Object, ref_of
from ..._plan.release import canary as release_canary
from ..._plan.release import companions, mesh_route, route_forms, routes
from ..._plan.release.model import Observed, State
from ..._plan.release.target import CANARY, Target, refuse_long_names
from ..._plan.upgrade import record as upgrade_record
from ..._words import listed

_ISTIO_POLICIES = (
    "AuthorizationPolicy",
    "PeerAuthentication",
    "RequestAuthentication",
    "Telemetry",
    "EnvoyFilter",
    "WasmPlugin",
    "ProxyConfig",
)
_WITHOUT_TRAFFIC = ("enabled", "disabled")
_WITHIN = ("scaled", "weight", "promoted")


@dataclass(frozen=True)
class Places:
    """Where a release is: the cluster of the pods, and the one whose istiod reads the routes (often the same).

    :ivar service: the Service in front of the Deployment; empty for the only one.
    """

    workload: Cluster
    config: Cluster
    namespace: str
    name: str
    service: str = ""
    control_plane_namespace: str = "istio-system"

    def target(self, service: str) -> Target:
        """The Deployment behind some Service."""
        return Target(self.namespace, self.name, host.Service(self.namespace, service))


def observed(places: Places, state: State) -> Observed:
    """Everything that bears on a state of a release, and no more: what begins or ends one needs all.

    :raises MeshyardError: there is no such Deployment, or not one Service in front of it.
    """
    stable = read.get(places.workload, kind("Deployment"), places.name, places.namespace)
    if stable is None:
        return _left_over(places, state)
    if state in _WITHOUT_TRAFFIC:
        alone = places.target(places.name)
        return Observed(places.workload.name, alone, stable, running=_running(places, stable))
    services = tuple(read.objects(places.workload, kind("Service"), places.namespace))
    found = Observed(
        places.workload.name, _target(places, stable, services), stable, services=services, root=places.control_plane_namespace
    )
    if state in _WITHIN:
        return _with_objects(places, replace(found, autoscaler=_autoscaler(places)), whole=False)
    namespace = read.get(places.workload, kind("Namespace"), places.namespace, metadata_only=True)
    found = replace(
        found,
        running=_running(places, stable),
        autoscaler=_autoscaler(places),
        upgrade=_open_upgrade(places),
        namespace_labels=raw.labels_of(namespace or {}),
    )
    return _with_objects(places, found, whole=True)


def _running(places: Places, stable: Object) -> Object | None:
    return release.running_template(stable, read.objects(places.workload, kind("ReplicaSet"), places.namespace))


def has_service(cluster: Cluster, namespace: str, name: str) -> bool:
    """Whether a cluster has a Service."""
    return read.get(cluster, kind("Service"), name, namespace, metadata_only=True) is not None


def _left_over(places: Places, state: State) -> Observed:
    """What is left of the release of a Deployment that somebody deleted: it can be taken back.

    :raises MeshyardError: nothing is, or something else is asked for.
    """
    services = tuple(read.objects(places.workload, kind("Service"), places.namespace))
    target = _former_target(places, services)
    if state != "aborted" or target is None:
        remedy = "Correct its name or namespace; only Deployments can be released."
        raise MeshyardError(
            f"There is no Deployment {places.namespace}/{places.name} on cluster {places.workload.name}.",
            "A canary of it is left: run the state aborted." if target else remedy,
            code="workload_missing",
            service_present=has_service(places.workload, places.namespace, places.service or places.name),
        )
    gone = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": places.namespace, "name": places.name}}
    found = Observed(places.workload.name, target, gone, services=services, root=places.control_plane_namespace)
    return _with_objects(places, replace(found, autoscaler=_autoscaler(places)), whole=True)


def _former_target(places: Places, services: Iterable[Object]) -> Target | None:
    """The target of a release by the Service that it has added."""
    name = next((raw.name(one) for one in services if _is_owned(one, places.target(""))), None)
    return places.target(name.removesuffix(CANARY)) if name else None


def _target(places: Places, stable: Object, services: Iterable[Object]) -> Target:
    record = release.of(stable)
    if record and record.phase != "preparing":  # somebody may have taken the Service away, and still all must come to an end
        return places.target(record.service)
    wanted = record.service if record else places.service
    front = release_canary.in_front(services, release.template_of(stable))
    names = [raw.name(one) for one in front if labels.OWNER not in raw.labels_of(one)]
    chosen = [name for name in names if name == wanted] if wanted else names
    if len(chosen) != 1:
        raise _no_service(places, wanted, names, released=record is not None)
    found = places.target(chosen[0])
    refuse_long_names(found)
    return found


def _no_service(places: Places, wanted: str, names: list[str], *, released: bool) -> MeshyardError:
    title = f"Deployment {places.namespace}/{places.name} on cluster {places.workload.name}"
    if wanted:
        problem = f"The Service {places.namespace}/{wanted} does not select the pods of {title}; {listed(names) or 'none'} does."
    elif names:
        problem = f"Several Services select the pods of {title}: {listed(names)}."
    else:
        problem = f"No Service selects the pods of {title}, so that there is no traffic to move."
    remedy = "Name the Service that its clients call in the option service."
    if released:
        remedy = "A release of it is open: bring the Service back with the selector that it had, then run again."
    return MeshyardError(problem, remedy, code="service_unclear")


def _autoscaler(places: Places) -> Object | None:
    for found in read.objects(places.workload, kind("HorizontalPodAutoscaler"), places.namespace):
        scaled = raw.mapping(found, "spec", "scaleTargetRef")
        if (scaled.get("kind"), scaled.get("name")) == ("Deployment", places.name):
            return found
    return None


def _open_upgrade(places: Places) -> str:
    found = upgrade_record.parse(read.get(places.workload, kind("ConfigMap"), upgrade_record.NAME, places.control_plane_namespace))
    return str(found.intent) if found else ""


def _with_objects(places: Places, found: Observed, *, whole: bool) -> Observed:
    """With the routes; with all that a release adds or looks at, too, where the whole is asked for."""
    config, workload = places.config, places.workload
    rules = read.objects(config, kind("DestinationRule"))
    target = companions.narrowed(found.target, rules, found.stable)
    every_route = [one for name in route_forms.KINDS for one in read.objects(config, kind(name))]
    sidecars = read.objects(config, kind("Sidecar"))
    grants = read.objects(config, kind("ReferenceGrant"), target.namespace) if whole else []
    mesh_policies, own_policies = _policies(places) if whole else ([], [])
    canary = read.get(workload, kind("Deployment"), target.canary, target.namespace)
    pods_side = [*found.services, *own_policies, *([canary] if canary else [])]
    config_side = [*every_route, *rules, *sidecars, *grants, *mesh_policies]
    theirs = _others([*mesh_policies, *sidecars, *own_policies], target)
    return replace(
        found,
        target=target,
        routes=tuple(one for one in every_route if routes.concerns(one, target) or not mesh_route.is_missing([one], target)),
        rules=_others(rules, target),
        grants=_others(grants, target),
        sidecars=tuple(one for one in sidecars if companions.is_concerned(one, target)),
        policies=theirs,
        canary=canary if canary and _is_owned(canary, target) else None,
        owned={"workload": _owned(pods_side, target), "config": _owned(config_side, target)},
        strangers=frozenset(ref_of(one) for one in _others([*pods_side, *config_side], target)),
        virtual_services=tuple(one for one in every_route if one["kind"] == "VirtualService"),
    )


def _policies(places: Places) -> tuple[list[Object], list[Object]]:
    """Those of Istio, and those of Kubernetes."""
    homes = dict.fromkeys((places.namespace, places.control_plane_namespace))
    mesh = [one for name in _ISTIO_POLICIES for home in homes for one in read.objects(places.config, kind(name), home)]
    budgets = read.objects(places.workload, kind("PodDisruptionBudget"), places.namespace)
    return mesh, [*read.objects(places.workload, kind("NetworkPolicy")), *budgets]


def _others(objects: Iterable[Object], target: Target) -> tuple[Object, ...]:
    return tuple(one for one in objects if not _is_owned(one, target))


def _is_owned(obj: Object, target: Target) -> bool:
    return target.labels.items() <= raw.labels_of(obj).items()


def _owned(objects: Iterable[Object], target: Target) -> tuple[Object, ...]:
    return tuple(one for one in objects if _is_owned(one, target))
