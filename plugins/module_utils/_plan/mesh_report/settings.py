# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The settings of a mesh that a reader of its report asks for, with Istio's defaults where the mesh configuration leaves them out.

Source: https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._mesh import raw

TRUST_DOMAIN, OUTBOUND, MIN_TLS = "cluster.local", "ALLOW_ANY", "TLSV1_2"


def settings(config: raw.Raw) -> dict[str, Any]:
    """What a mesh configuration says.

    :param config: the key C(mesh) of the ConfigMap of a revision, parsed.
    """
    return {
        "trust_domain": raw.text(config, "trustDomain") or TRUST_DOMAIN,
        "trust_domain_aliases": [str(one) for one in raw.items(config, "trustDomainAliases")],
        "mesh_id": raw.text(config, "defaultConfig", "meshId"),
        "auto_mtls": raw.at(config, "enableAutoMtls") is not False,
        "min_tls": raw.text(config, "meshMTLS", "minProtocolVersion") or MIN_TLS,
        "outbound_policy": raw.text(config, "outboundTrafficPolicy", "mode") or OUTBOUND,
        "locality": locality(raw.mapping(config, "localityLbSetting")),
    }


def locality(setting: Mapping[str, Any]) -> str:
    """A locality setting in words, as a mesh configuration and a traffic policy hold it; empty where there is none."""
    if not setting:
        return ""
    if setting.get("enabled") is False:
        return "off"
    told = [
        *_weights(raw.items(setting, "distribute")),
        *(f"{raw.text(one, 'from')} fails over to {raw.text(one, 'to')}" for one in raw.items(setting, "failover")),
        *_some("priority by", map(str, raw.items(setting, "failoverPriority"))),
    ]
    return "; ".join(told) or "on"


def policies(rules: Iterable[raw.Raw]) -> list[dict[str, Any]]:
    """The rules that say where the traffic of a host goes by place, by namespace and name.

    :param rules: DestinationRules.
    """
    found = []
    for rule in rules:
        policy = raw.mapping(rule, "spec", "trafficPolicy")
        said = locality(raw.mapping(policy, "loadBalancer", "localityLbSetting"))
        if said:
            detected = bool(raw.mapping(policy, "outlierDetection"))
            row = {"namespace": raw.namespace(rule), "name": raw.name(rule), "host": raw.text(rule, "spec", "host")}
            found.append({**row, "locality": said, "outlier_detection": detected})
    return sorted(found, key=lambda one: (one["namespace"], one["name"]))


def kept_of_rule(rule: raw.Raw) -> dict[str, Any]:
    """What is kept of a DestinationRule of many."""
    policy = raw.mapping(rule, "spec", "trafficPolicy")
    kept = {key: policy[key] for key in ("loadBalancer", "outlierDetection") if key in policy}
    return {**_named(rule), "spec": {"host": raw.text(rule, "spec", "host"), "trafficPolicy": kept}}


def _weights(distribute: Iterable[raw.Raw]) -> Iterable[str]:
    for one in distribute:
        shares = ", ".join(f"{weight} % to {place}" for place, weight in sorted(raw.mapping(one, "to").items()))
        yield f"from {raw.text(one, 'from')}: {shares}"


def _some(word: str, found: Iterable[str]) -> list[str]:
    told = ", ".join(found)
    return [f"{word} {told}"] if told else []


def _named(obj: raw.Raw) -> dict[str, Any]:
    return {"metadata": {"name": raw.name(obj), "namespace": raw.namespace(obj)}}
