# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Installing, changing or taking over the control plane of one revision."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..._errors import MeshyardError
from ..._mesh import labels, raw
from ..._mesh.revision import Names
from ..objects import adoption, inventory
from ..objects.convergence import converge, stamped
from ..objects.steps import Create, Object, Plan, Ref, ref_of
from . import identity

NAMESPACE_MANAGER = "meshyard-create"


@dataclass(frozen=True)
class Permissions:
    """What the user allowed beyond the ordinary."""

    adopt: bool = False
    change_identity: bool = False


def owner(revision: str) -> str:
    """The owner of the objects of a revision."""
    return f"revision-{revision}"


def wanted(rendered: Iterable[Object], live: Mapping[Ref, Object], revision: str) -> list[Object]:
    """The rendered objects as they are to be applied."""
    named = inventory.naming_kinds(stamped(rendered, owner(revision)), live)
    return [_with_selectors_of(live.get(ref_of(obj)), obj) for obj in named]


def refuse_elsewhere(deployments: Iterable[Object], names: Names, cluster: str) -> None:
    """Returns unless this collection made the revision in another namespace: an owner has one control plane, and the other one would go.

    :param deployments: those that carry the owner, in all namespaces.
    :raises MeshyardError: it did.
    """
    own = [one for one in deployments if raw.name(one) == names.istiod and raw.labels_of(one).get(labels.OWNER) == owner(names.revision)]
    elsewhere = sorted(raw.namespace(one) for one in own if raw.namespace(one) != names.namespace)
    if elsewhere:
        raise MeshyardError(
            f"Revision {names.revision} on cluster {cluster} is in namespace {elsewhere[0]}, not in {names.namespace}.",
            "Correct control_plane_namespace, or choose another revision.",
        )


def plan(
    targets: Iterable[Object],
    live: Mapping[Ref, Object],
    names: Names,
    permissions: Permissions,
    *,
    cluster: str,
    parse: identity.Parse,
) -> Plan:
    """The steps that make the live control plane like the wanted one.

    :param targets: what C(wanted) returned. :param live: all objects of the owner, and the wanted ones that exist.
    :raises MeshyardError: an operator keeps it, it was made by others, or its identity would change.
    """
    targets = list(targets)
    existing = [live[ref] for ref in map(ref_of, targets) if ref in live]
    what = f"Revision {names.revision}"
    adoption.refuse_operators(existing, cluster)
    if not permissions.adopt:
        adoption.refuse_strangers(adoption.strangers(existing, owner(names.revision)), what, cluster)
    if not permissions.change_identity:
        is_now, will_be = identity.identity(existing, names, parse), identity.identity(targets, names, parse)
        identity.refuse_changes(is_now, will_be, names.revision, cluster)
    steps = converge(targets, live, owner(names.revision))
    return adoption.with_adoption(steps, owner(names.revision)) if permissions.adopt else steps


def warnings(steps: Plan) -> list[str]:
    """What the user must know of a plan that takes over what Helm made."""
    return [
        f"Helm's release {release} is taken over. Its record stays, so that helm list still shows it, and is removed together with "
        "what it made: do not run helm upgrade, rollback or uninstall for it any more."
        for release in adoption.helm_releases(steps)
    ]


def namespace_step(namespace: str) -> Plan:
    """The step that makes the missing control plane namespace; nobody owns it, so nobody takes it away."""
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    return (Create(body, NAMESPACE_MANAGER, "the control plane has no namespace yet"),)


def _with_selectors_of(live: Object | None, obj: Object) -> Object:
    """Leaves the selectors of a deactivated webhook as they are: the tag C(default) has taken over what it catches."""
    if live is None or obj["kind"] != "MutatingWebhookConfiguration":
        return obj
    asleep = {
        raw.text(hook, "name")
        for hook in raw.items(live, "webhooks")
        if labels.DEACTIVATED in raw.mapping(hook, "namespaceSelector", "matchLabels")
    }
    kept = copy.deepcopy(obj)
    for hook in kept.get("webhooks") or ():
        if hook["name"] in asleep:
            hook.pop("namespaceSelector", None)
            hook.pop("objectSelector", None)
    return kept
