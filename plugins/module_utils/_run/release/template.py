# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The pod template that an image or a patch leads to, as the API server would keep it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._cluster import write
from ..._cluster.connect import Cluster
from ..._cluster.kinds import kind
from ..._errors import InvalidOption
from ..._mesh import raw, release
from ..._plan.objects import merge_patch
from ..._plan.objects.steps import Object

_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def wanted(cluster: Cluster, stable: Object, image: str | None, container: str | None, patch: Mapping[str, Any] | None) -> Object | None:
    """The template with the image and the patch; None where neither is given. Asked of the API server by a dry run, which changes nothing.

    :param patch: a strategic merge patch of the pod template.
    :raises MeshyardError: the API server does not take it, or it is not clear which container the image is for.
    """
    if image is None and not patch:
        return None
    change = dict(patch or {})
    if image is not None:
        change = _with_image(change, _container(stable, container), image)
    found = write.strategic(
        cluster,
        kind("Deployment"),
        raw.namespace(stable),
        raw.name(stable),
        {"spec": {"template": change}},
        merge_patch.MANAGER,
        dry_run=True,
    )
    return release.template_of(found)


def _with_image(change: dict[str, Any], container: str, image: str) -> dict[str, Any]:
    spec = dict(change.get("spec") or {})
    containers = [dict(one) for one in spec.get("containers") or ()]
    named = next((one for one in containers if one.get("name") == container), None)
    if named is None:
        containers.append({"name": container, "image": image})
    else:
        named["image"] = image
    return {**change, "spec": {**spec, "containers": containers}}


def _container(stable: Object, given: str | None) -> str:
    template = release.template_of(stable)
    names = [raw.text(one, "name") for one in raw.items(template, "spec", "containers")]
    title = f"Deployment {raw.qualified(stable)}"
    wanted_name = given or raw.annotations_of(template).get(_DEFAULT_CONTAINER) or (names[0] if len(names) == 1 else "")
    if not wanted_name:
        raise InvalidOption(f"{title} has several containers: {', '.join(names)}.", "Name the one whose image changes in container.")
    if wanted_name not in names:
        raise InvalidOption(f"{title} has no container {wanted_name}; it has {', '.join(names)}.", "Correct the option container.")
    return wanted_name
