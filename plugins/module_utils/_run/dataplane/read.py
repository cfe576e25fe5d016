# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading what decides about new pods, and what is in namespaces, in a few list requests each."""

from __future__ import annotations

import contextlib
import hashlib
import json
import traceback
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.kinds import kind
from ..._mesh import image, labels, plane, policy, raw, reduced, tag, webhook, workload
from ..._mesh.restart import ROLLS
from ..._mesh.revision import Names
from ..._plan.dataplane import gateway_api
from ..._plan.dataplane.labels import NamespaceState
from ..._plan.dataplane.mesh import Injector, Mesh

try:
    import yaml

    YAML_IMPORT_ERROR: str | None = None
except ImportError:
    YAML_IMPORT_ERROR = traceback.format_exc()


def mesh(cluster: Cluster, namespace: str) -> Mesh:
    """The control planes of a cluster and all that decides about new pods: four lists for one control plane namespace.

    :param namespace: the control plane's namespace; those of other planes are found by themselves.
    """
    deployments = read.objects(cluster, kind("Deployment"), labels="app=istiod")
    configurations = read.objects(cluster, kind("MutatingWebhookConfiguration"))
    hooks = webhook.hooks(configurations)
    homes = {namespace, *map(raw.namespace, deployments), *(hook.service.namespace for hook in hooks if hook.service)}
    services = [one for home in sorted(homes) for one in read.objects(cluster, kind("Service"), home)]
    planes = plane.control_planes(deployments, configurations, services)
    return Mesh(tuple(planes), tuple(hooks), tuple(tag.tags(configurations, services)), _injectors(cluster, planes, namespace))


def namespaces(cluster: Cluster, names: Iterable[str]) -> list[NamespaceState]:
    """These namespaces with their workloads and pods: six requests each."""
    return [_space(cluster, name) for name in names]


def pods(cluster: Cluster, namespace: str) -> list[dict[str, Any]]:
    """All pods of a namespace, with what decisions read of them."""
    return read.objects(cluster, kind("Pod"), namespace, reduced=reduced.of("Pod"))


def pods_with(cluster: Cluster, namespace: str, marks: Mapping[str, str]) -> list[dict[str, Any]]:
    """The pods that have all of some labels; none where no label is asked for, which would select every pod."""
    wanted = ",".join(f"{key}={value}" for key, value in sorted(marks.items()))
    return read.objects(cluster, kind("Pod"), namespace, labels=wanted) if wanted else []


def _space(cluster: Cluster, name: str) -> NamespaceState:
    obj = read.get(cluster, kind("Namespace"), name, metadata_only=True)
    if obj is None:
        return NamespaceState(name, None)
    workloads = tuple(one for rolling in ROLLS for one in read.objects(cluster, kind(rolling), name))
    return NamespaceState(
        name=name,
        obj=obj,
        workloads=workloads,
        pods=tuple(pods(cluster, name)),
        owners=dict(_owners(read.objects(cluster, kind("ReplicaSet"), name, metadata_only=True, reduced=reduced.of("ReplicaSet")))),
        gateways=tuple(read.objects(cluster, kind("Gateway"), name)) if any(map(gateway_api.is_managed, workloads)) else (),
    )


def _owners(replica_sets: Iterable[raw.Raw]) -> Iterator[tuple[tuple[str, str, str], workload.Owner]]:
    for obj in replica_sets:
        owner = workload.owner(obj)
        if owner:
            yield (raw.namespace(obj), "ReplicaSet", raw.name(obj)), owner


def _injectors(cluster: Cluster, planes: Iterable[plane.ControlPlane], namespace: str) -> dict[str, Injector]:
    """What each revision gives its pods, by its ConfigMaps: one list for each control plane namespace."""
    alive = {one: one.namespace or namespace for one in planes if one.location != "orphan"}
    maps = {
        (home, raw.name(obj)): raw.mapping(obj, "data")
        for home in sorted(set(alive.values()))
        for obj in read.objects(cluster, kind("ConfigMap"), home, labels=labels.REV)
    }
    found = {}
    for one, home in alive.items():
        names = Names(one.revision, home)
        values = maps.get((home, names.values), {})
        # The injector's configuration of a remote istiod is not here; the values that its chart was rendered with are.
        config = maps.get((home, names.injector), {}) if one.location == "cluster" else {"values": values.get("merged-values", "")}
        found[one.revision] = injector(config, values, one)
    return found


def injector(config: raw.Raw, values: raw.Raw, of: plane.ControlPlane) -> Injector:
    """What a revision gives its pods.

    :param config: the data of its injector's ConfigMap. :param values: the data of the ConfigMap with its Helm values.
    """
    given = json.dumps([dict(config), dict(values)], sort_keys=True).encode()
    picture = _proxy_image(config)
    return Injector(
        version=image.version(picture) or of.version,
        fingerprint=hashlib.sha256(given).hexdigest()[:10],
        policy=policy.parse(_parsed(raw.text(config, "config"))),
        image=picture,
    )


def _proxy_image(config: raw.Raw) -> str:
    """The image that the injection template gives a proxy (values of the istiod chart: global.proxy.image, hub, tag, variant)."""
    try:
        values = json.loads(raw.text(config, "values") or "{}")
    except ValueError:
        return ""
    named, tagged = raw.text(values, "global", "proxy", "image"), raw.at(values, "global", "tag")
    if "/" in named or not tagged:
        return named if "/" in named else ""
    variant = raw.text(values, "global", "variant")
    variant = f"-{variant}" if variant and not str(tagged).endswith(f"-{variant}") else ""
    return f"{raw.text(values, 'global', 'hub')}/{named or 'proxyv2'}:{tagged}{variant}"


def _parsed(text: str) -> dict[str, Any]:
    """The injector's configuration; the default policy holds where it cannot be read."""
    found: Any = None
    if YAML_IMPORT_ERROR is None:
        with contextlib.suppress(yaml.YAMLError):
            found = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # both are safe loaders
    return found if isinstance(found, dict) else {}
