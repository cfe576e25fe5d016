# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Fields that others own, per kind: they are taken out of what the charts render before anything is compared or applied.

Source: istiod patches C(caBundle) and C(failurePolicy) of its own webhooks (pilot/pkg/webhooks in istio/istio), the
HorizontalPodAutoscaler sets C(spec.replicas).
"""

from __future__ import annotations

import copy
import json
from typing import Any

Object = dict[str, Any]

_OWNED_BY_ISTIOD = {
    "MutatingWebhookConfiguration": ("caBundle",),
    "ValidatingWebhookConfiguration": ("caBundle", "failurePolicy"),
}


def without_foreign_fields(obj: Object, *, scaled_by_hpa: bool = False) -> Object:
    """A copy of the object that names only fields which are ours.

    :param scaled_by_hpa: an autoscaler owns the replicas of this Deployment.
    """
    # A CRD is large: only what is changed here is copied.
    ours = {key: value for key, value in obj.items() if key != "status"}
    if "webhooks" in obj:
        ours["webhooks"] = copy.deepcopy(obj["webhooks"])
    if scaled_by_hpa and "spec" in obj:
        ours["spec"] = {key: value for key, value in obj["spec"].items() if key != "replicas"}
    for name in _OWNED_BY_ISTIOD.get(obj["kind"], ()):
        for webhook in ours.get("webhooks") or ():
            webhook.pop(name, None)
            webhook.get("clientConfig", {}).pop(name, None)
    for webhook in ours.get("webhooks") or ():
        for rule in webhook.get("rules") or ():
            rule.setdefault("scope", "*")  # as the API server does, so that no run takes it for a difference
    return ours


def first_validator(obj: Object) -> Object | None:
    """What must be created by POST before a validating webhook is applied: the least valid object with C(Ignore).

    An apply that never names C(failurePolicy) would let the API server default it to Fail with an empty CA bundle, and every Istio
    object would be refused until istiod closes the webhook itself.
    """
    if obj["kind"] != "ValidatingWebhookConfiguration":
        return None
    keep = ("name", "clientConfig", "sideEffects", "admissionReviewVersions", "rules", "objectSelector", "namespaceSelector")
    hooks = [{**{key: hook[key] for key in keep if key in hook}, "failurePolicy": "Ignore"} for hook in obj["webhooks"]]
    return {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        "metadata": {"name": obj["metadata"]["name"], "labels": dict(obj["metadata"].get("labels") or {})},
        "webhooks": hooks,
    }


def strip_field_set(fields: Object, wanted: Object) -> None:
    """Takes the fields that others own out of a field set (C(fieldsV1)), in place.

    :param wanted: the object that will be applied. Replicas and selectors of webhooks that it does not name belong to others.
    """
    named = {hook["name"]: hook for hook in wanted.get("webhooks") or ()}
    for key, below in (fields.get("f:webhooks") or {}).items():
        if key.startswith("k:"):
            _strip_webhook(below, wanted["kind"], named.get(json.loads(key[2:]).get("name"), {}))
    if wanted["kind"] == "Deployment" and "replicas" not in wanted.get("spec", {}):
        (fields.get("f:spec") or {}).pop("f:replicas", None)


def _strip_webhook(fields: Object, kind: str, wanted: Object) -> None:
    for name in _OWNED_BY_ISTIOD.get(kind, ()):
        fields.pop(f"f:{name}", None)
        fields.get("f:clientConfig", {}).pop(f"f:{name}", None)
    if not fields.get("f:clientConfig", True):  # an empty set would mean the field itself
        del fields["f:clientConfig"]
    for name in ("namespaceSelector", "objectSelector"):
        if name not in wanted:
            fields.pop(f"f:{name}", None)
