# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a control plane is to its proxies: the settings that cannot change under pods that run.

A live pod keeps the identity that it was injected with. After a change istiod refuses it, while the pod stays Ready.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..._errors import MeshyardError
from ..._mesh import raw
from ..._mesh.revision import Names
from ..objects.steps import Object

Parse = Callable[[str], Any]
GLOBAL = {
    "global.meshID": ("global", "meshID"),
    "global.network": ("global", "network"),
    "global.multiCluster.clusterName": ("global", "multiCluster", "clusterName"),
    "global.caAddress": ("global", "caAddress"),
    "global.caName": ("global", "caName"),
    "global.pilotCertProvider": ("global", "pilotCertProvider"),
}
"""Names of values, as users write them, with their place in the values that the injector keeps."""
# Names of their own: a plane that a killed run left half made has one source of a value and not yet the other.
_ENVIRONMENT = {"CLUSTER_ID": "global.multiCluster.clusterName (CLUSTER_ID of istiod)", "EXTERNAL_CA": "pilot.env.EXTERNAL_CA"}


def identity(objects: Iterable[Object], names: Names, parse: Parse) -> dict[str, str]:
    """The identity that the objects of a control plane give its proxies, by the name of the value.

    :param parse: reads YAML.
    """
    known = {(obj["kind"], obj["metadata"]["name"]): obj for obj in objects}
    found: dict[str, str] = {}
    injector = known.get(("ConfigMap", names.injector))
    if injector:
        values = read(json.loads, raw.text(injector, "data", "values"))
        found |= {name: str(raw.at(values, *path) or "") for name, path in GLOBAL.items()}
    mesh = known.get(("ConfigMap", names.mesh_config))
    if mesh:
        found["meshConfig.trustDomain"] = str(raw.at(read(parse, raw.text(mesh, "data", "mesh")), "trustDomain") or "")
    deployment = known.get(("Deployment", names.istiod))
    if deployment:
        found |= _environment(deployment)
    return found


def changes(live: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """For each value that both know and that differs, what it is and what it would be."""
    return {name: (live[name], wanted[name]) for name in sorted(live.keys() & wanted.keys()) if live[name] != wanted[name]}


def refuse_changes(live: Mapping[str, str], wanted: Mapping[str, str], revision: str, cluster: str) -> None:
    """Returns unless the identity of a live revision would change.

    :raises MeshyardError: it would; each value is named.
    """
    found = changes(live, wanted)
    if not found:
        return
    differences = ", ".join(f"{name} from {old or 'nothing'} to {new or 'nothing'}" for name, (old, new) in found.items())
    raise MeshyardError(
        f"The values would change the identity of the live revision {revision} on cluster {cluster}: {differences}; "
        "istiod then refuses the proxies that run.",
        "Keep the values, install another revision with the new ones, or set change_identity to true and restart every pod of it.",
        identity={name: {"live": old, "wanted": new} for name, (old, new) in found.items()},
    )


def _environment(deployment: Object) -> dict[str, str]:
    found = {}
    for container in raw.items(deployment, "spec", "template", "spec", "containers"):
        for variable in raw.items(container, "env"):
            name = _ENVIRONMENT.get(raw.text(variable, "name"))
            if name and "value" in variable:
                found[name] = raw.text(variable, "value")
    return found


def read(parse: Parse, text: str) -> Any:
    """The parsed text; nothing where someone broke it, for what cannot be read cannot be kept either."""
    try:
        return parse(text) or {}
    except ValueError:
        return {}
