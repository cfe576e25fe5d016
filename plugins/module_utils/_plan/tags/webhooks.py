# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The webhooks of a revision tag: what they catch, and what an unrevisioned control plane leaves to the tag C(default)."""

from __future__ import annotations

import copy
from collections.abc import Callable

from ..._mesh import labels, raw, webhook
from ..objects import ownership
from ..objects.convergence import manager_of
from ..objects.steps import Apply, Object, Plan

# Puts selectors of its own into the webhooks of the unrevisioned control plane.
MANAGER = manager_of(f"tag-{labels.DEFAULT}")
NEVER: Object = {"matchLabels": {labels.DEACTIVATED: "never-match"}}
_NO_INJECTION = {"key": labels.INJECTION, "operator": "DoesNotExist"}
_NO_REVISION = {"key": labels.REV, "operator": "DoesNotExist"}
_NOT_REFUSED = {"key": labels.INJECT, "operator": "NotIn", "values": ["false"]}
_SYSTEM = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"]
_COPIED = ("sideEffects", "rules", "failurePolicy", "reinvocationPolicy", "admissionReviewVersions", "timeoutSeconds")


def prefixes(tag: str, every_pod: bool) -> list[str]:
    """The prefixes of the webhooks of a tag.

    :param every_pod: whether the tag C(default) also catches pods in namespaces without any label.
    """
    default = ["namespace.", "object.", *(["auto."] if every_pod else [])]
    return ["rev.namespace.", "rev.object.", *(default if tag == labels.DEFAULT else [])]


def hook(prefix: str, tag: str, canonical: Object) -> Object:
    """A webhook of a tag that calls whom a webhook of its revision calls."""
    called = {key: copy.deepcopy(canonical["clientConfig"][key]) for key in ("service", "url") if key in canonical["clientConfig"]}
    copied = {key: copy.deepcopy(canonical[key]) for key in _COPIED if key in canonical}
    return {"name": f"{prefix}{webhook.INJECTOR}", "clientConfig": called, **copied, **selectors(prefix, tag)}


def selectors(prefix: str, value: str) -> Object:
    """What a webhook of that prefix catches for a revision or tag, in the order of the istiod chart; nothing for an unknown one."""
    here = {"key": labels.REV, "operator": "In", "values": [value]}
    enabled = {"key": labels.INJECTION, "operator": "In", "values": ["enabled"]}
    asked = {"key": labels.INJECT, "operator": "In", "values": ["true"]}
    silent = {"key": labels.INJECT, "operator": "DoesNotExist"}
    elsewhere = {"key": labels.NAMESPACE_NAME, "operator": "NotIn", "values": _SYSTEM}
    known = {
        "rev.namespace.": ([here, _NO_INJECTION], [_NOT_REFUSED]),
        "rev.object.": ([_NO_REVISION, _NO_INJECTION], [_NOT_REFUSED, here]),
        "namespace.": ([enabled], [_NOT_REFUSED]),
        "object.": ([_NO_INJECTION, _NO_REVISION], [asked, _NO_REVISION]),
        "auto.": ([_NO_INJECTION, _NO_REVISION, elsewhere], [silent, _NO_REVISION]),
    }
    if prefix not in known:
        return {}
    namespaces, pods = copy.deepcopy(known[prefix])
    return {"namespaceSelector": {"matchExpressions": namespaces}, "objectSelector": {"matchExpressions": pods}}


def put_to_sleep(default: Object) -> Plan:
    """The step that lets the webhooks of the unrevisioned plane catch nothing, as istioctl does for the same reason."""
    asleep = {"namespaceSelector": NEVER, "objectSelector": NEVER}
    return _set_selectors(default, lambda _prefix: asleep, "the tag default takes over what it catches")


def wake_up(default: Object) -> Plan:
    """The step that lets the webhooks of the unrevisioned plane catch pods again, where they were put to sleep."""
    return _set_selectors(default, lambda prefix: selectors(prefix, labels.DEFAULT), "it catches pods of the default revision again")


def _set_selectors(configuration: Object, chosen: Callable[[str], Object], reason: str) -> Plan:
    """Applies only selectors, and only where a webhook has others."""
    now = {raw.text(hook, "name"): hook for hook in raw.items(configuration, "webhooks")}
    wanted = {name: chosen(name.removesuffix(webhook.INJECTOR)) for name in now}
    hooks = [{"name": name, **given} for name, given in wanted.items() if given]
    changed = tuple(
        f"webhooks[{hook['name']}].{key}" for hook in hooks for key, value in hook.items() if now[hook["name"]].get(key) != value
    )
    if not changed:
        return ()
    body = {
        "apiVersion": configuration["apiVersion"],
        "kind": configuration["kind"],
        "metadata": {"name": raw.name(configuration)},
        "webhooks": hooks,
    }
    return (Apply(body, MANAGER, configuration, reason, changed, ownership.overruled(configuration, MANAGER, changed)),)
