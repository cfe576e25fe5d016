# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What control planes that stand side by side in one mesh have to have in common, for their workloads to reach each other.

Sources: https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/ for trust domains, their aliases and the root namespace,
and the values of the istiod chart for cluster, network and certificate authority.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..._charts import values as chart_values
from ..._errors import MeshyardError
from ..._mesh import raw
from ..._mesh.revision import Names
from ..objects.steps import Object
from . import identity

TRUST_DOMAIN = "meshConfig.trustDomain"
ALIASES = "meshConfig.trustDomainAliases"
ROOT_NAMESPACE = "meshConfig.rootNamespace"
_KEEP = "Keep the value of revision {source} for the new one."
_MESH = {TRUST_DOMAIN: "trustDomain", ALIASES: "trustDomainAliases", ROOT_NAMESPACE: "rootNamespace"}
_CONSEQUENCES = {
    "global.multiCluster.clusterName": "the two would take the same pods for those of two clusters",
    "CLUSTER_ID of istiod": "the two would take the same pods for those of two clusters",
    "global.network": "workloads of one would look for those of the other behind an east-west gateway",
    "global.caAddress": "workloads of the two would get their certificates from different authorities",
    "global.caName": "workloads of the two would get their certificates from different authorities",
    "global.pilotCertProvider": "workloads of the two would get their certificates from different authorities",
    "pilot.env.EXTERNAL_CA": "workloads of the two would get their certificates from different authorities",
    ROOT_NAMESPACE: "policies and defaults of the whole mesh that lie in the old root namespace would not hold for the new revision",
}


@dataclass(frozen=True)
class Difference:
    """One value in which two control planes differ.

    :ivar parts: whether workloads of the two would be parted by it.
    """

    value: str
    message: str
    remedy: str = ""
    parts: bool = True


def of_objects(objects: Iterable[Object], names: Names, parse: identity.Parse) -> dict[str, str]:
    """What the objects of a control plane say, by the name of the value.

    :param parse: reads YAML.
    """
    known = list(objects)
    found = {_plain(name): value for name, value in identity.identity(known, names, parse).items()}
    for obj in known:
        if (obj["kind"], obj["metadata"]["name"]) == ("ConfigMap", names.mesh_config):
            mesh = identity.read(parse, raw.text(obj, "data", "mesh"))
            found |= {name: _text(raw.at(mesh, key)) for name, key in _MESH.items()}
    return found


def of_values(given: Mapping[str, Any], present: Mapping[str, str]) -> dict[str, str]:
    """What the control plane C(present) would say with these values over those that it has."""
    hoisted = chart_values.hoist(given)
    paths = {
        **identity.GLOBAL,
        **{name: ("meshConfig", key) for name, key in _MESH.items()},
        "pilot.env.EXTERNAL_CA": ("env", "EXTERNAL_CA"),
    }
    named = {name: raw.at(hoisted, *path) for name, path in paths.items()}
    return {**present, **{name: _text(value) for name, value in named.items() if value is not None}}


def differences(source: Mapping[str, str], target: Mapping[str, str], revision: str) -> Iterator[Difference]:
    """The values in which a new control plane differs from the one beside it.

    :param revision: that of the source.
    """
    for name in sorted(source.keys() & target.keys()):
        old, new = source[name], target[name]
        if old == new or name == ALIASES:
            continue
        said = f"{name} is {old or 'empty'} in revision {revision} and would be {new or 'empty'} in the new one"
        if name == TRUST_DOMAIN:
            yield _of_trust_domain(said, source, target, revision)
        elif name in _CONSEQUENCES:
            yield Difference(name, f"{said}: {_CONSEQUENCES[name]}.", _KEEP.format(source=revision))
        else:
            yield Difference(name, f"{said}; workloads of the two reach each other all the same.", parts=False)


def refuse_parting(source: Mapping[str, str], target: Mapping[str, str], source_revision: str, revision: str, cluster: str) -> list[str]:
    """What is safe and should be known of the differences.

    :raises MeshyardError: workloads of the two control planes would be parted.
    """
    found = list(differences(source, target, source_revision))
    parting = [one for one in found if one.parts]
    if parting:
        raise MeshyardError(
            f"Revision {revision} on cluster {cluster} would be parted from revision {source_revision} beside it: "
            + " ".join(one.message for one in parting),
            f"{parting[0].remedy} Or set change_identity to true, if the two are not to be one mesh.",
            code="identity_differs",
        )
    return [one.message for one in found]


def _of_trust_domain(said: str, source: Mapping[str, str], target: Mapping[str, str], revision: str) -> Difference:
    """Workloads accept each other only where both control planes name the other's domain among their aliases."""
    old, new = source[TRUST_DOMAIN], target[TRUST_DOMAIN]
    lacking = [
        f"{domain} in those of {whose}"
        for domain, aliases, whose in (
            (new, source.get(ALIASES, ""), f"revision {revision}"),
            (old, target.get(ALIASES, ""), "the new one"),
        )
        if domain not in aliases.split(",")
    ]
    if not lacking:
        return Difference(
            TRUST_DOMAIN, f"{said}; each names the other's among its aliases, so that workloads accept each other.", parts=False
        )
    return Difference(
        TRUST_DOMAIN,
        f"{said}: workloads of the two would refuse each other.",
        f"Name first each trust domain in {ALIASES} of the other revision ({' and '.join(lacking)} is missing), restart the workloads of "
        f"revision {revision}, and then upgrade.",
    )


def _plain(name: str) -> str:
    """identity knows two sources of one value; here it is told apart by its source alone."""
    return "CLUSTER_ID of istiod" if "CLUSTER_ID" in name else name


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value or "")
