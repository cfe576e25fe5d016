# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Findings about what depends on the version of the proxies, and about data planes without sidecars."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..._mesh import labels, raw
from ..finding import Finding
from .model import PreflightInput

WAYPOINT_CLASS = "istio-waypoint"
ZTUNNEL = "ztunnel"


def findings(given: PreflightInput) -> Iterator[Finding]:
    """All findings of this file."""
    yield from _envoy_filters(given)
    yield from _wasm_plugins(given)
    yield from _image(given)
    yield from _ambient(given)


def _envoy_filters(given: PreflightInput) -> Iterator[Finding]:
    if not given.route.from_version or not given.route.to_version:
        return
    filters = given.envoy_filters or ()
    successors = {_scope(obj) for obj in filters if any(_matches(bound, given.route.to_version) for bound in bounds(obj))}
    for obj in filters:
        lost = [bound for bound in bounds(obj) if _matches(bound, given.route.from_version) and not _matches(bound, given.route.to_version)]
        if not lost:
            continue
        followed = _scope(obj) in successors
        yield Finding(
            "warning" if followed else "blocker",
            "envoyfilter_version",
            f"EnvoyFilter {raw.qualified(obj)}",
            f"EnvoyFilter {raw.qualified(obj)} holds for proxies of version {lost[0]} only: those of {given.route.to_version} do without it"
            + (", unless the other EnvoyFilter for the same workloads does the same for them." if followed else "."),
            "Add a patch for the new version beside the old one, or widen proxyVersion.",
        )


def bounds(envoy_filter: raw.Raw) -> list[str]:
    """The regular expressions for the proxy version in an EnvoyFilter."""
    found = [raw.text(patch, "match", "proxy", "proxyVersion") for patch in raw.items(envoy_filter, "spec", "configPatches")]
    return [bound for bound in dict.fromkeys(found) if bound]


def _matches(bound: str, version: str) -> bool:
    # Istio looks for a match anywhere in the version, with a syntax that Python's covers but for rare escapes.
    try:
        return re.search(bound, version) is not None
    except re.error:
        return False


def _scope(envoy_filter: raw.Raw) -> tuple[str, tuple[tuple[str, str], ...]]:
    selector = raw.mapping(envoy_filter, "spec", "workloadSelector", "labels")
    return raw.namespace(envoy_filter), tuple(sorted(selector.items()))


def _wasm_plugins(given: PreflightInput) -> Iterator[Finding]:
    for obj in given.wasm_plugins or ():
        yield Finding(
            "warning",
            "wasm_plugin",
            f"WasmPlugin {raw.qualified(obj)}",
            f"WasmPlugin {raw.qualified(obj)} ({raw.text(obj, 'spec', 'url') or 'no url'}) runs inside the proxy, "
            "whose interface for it may change between versions.",
            "See that the module was tried with the new proxy; a probe in canary_upgrade_probes shows it in the first wave.",
        )


def _image(given: PreflightInput) -> Iterator[Finding]:
    image = given.image
    if image is None or image.present or image.pulled:
        return
    if image.pulled is None:
        yield Finding(
            "info",
            "image_not_tried",
            f"image {image.name}",
            f"No node has the image {image.name} of the new proxies yet, and it was not tried whether it can be pulled.",
            "Set canary_upgrade_pull_test to true to try it with a pod that is removed again.",
        )
    else:
        yield Finding(
            "blocker",
            "image_unavailable",
            f"image {image.name}",
            f"The image {image.name} of the new proxies cannot be pulled: {image.why}.",
            "Put it into the registry that the nodes use, or name another in the values global.hub and global.tag.",
        )


def _ambient(given: PreflightInput) -> Iterator[Finding]:
    remedy = "Ambient parts are not upgraded here: follow Istio's own order for them (istiod, istio-cni, ztunnel, waypoints)."
    for kind, obj in _ambient_parts(given):
        yield Finding(
            "blocker",
            "ambient",
            f"{kind} {raw.qualified(obj)}",
            f"{kind} {raw.qualified(obj)} belongs to an ambient data plane, which this upgrade does not move.",
            remedy,
        )


def _ambient_parts(given: PreflightInput) -> Iterator[tuple[str, raw.Raw]]:
    for obj in given.evidence.workloads.get("DaemonSet") or ():
        if raw.labels_of(obj).get("app") == ZTUNNEL or raw.name(obj) == ZTUNNEL:
            yield "DaemonSet", obj
    for obj in given.api_gateways or ():
        if raw.text(obj, "spec", "gatewayClassName") == WAYPOINT_CLASS:
            yield "Gateway", obj
    for obj in given.evidence.namespaces or ():
        if raw.labels_of(obj).get(labels.DATAPLANE_MODE) == "ambient":
            yield "Namespace", obj


def image_name(wanted: dict[str, object], proxies: Sequence[str], version: str) -> str:
    """The image of the new proxies: that of the present ones with another tag, as far as the values do not say otherwise.

    :param wanted: the Helm values of the new control plane.
    :param proxies: images of the present proxies, the most frequent first.
    """
    old = proxies[0].partition("@")[0] if proxies else "docker.io/istio/proxyv2"
    path = old.rpartition(":")[0] if ":" in old.rpartition("/")[2] else old
    settings = raw.mapping(wanted, "global")
    hub = settings.get("hub") or path.rpartition("/")[0]
    name = raw.text(settings, "proxy", "image") or path.rpartition("/")[2]
    if "/" in name:
        return name
    variant = settings.get("variant") or _variant(old)
    tag = str(settings.get("tag") or version)
    return f"{hub}/{name}:{tag}{f'-{variant}' if variant and not tag.endswith(str(variant)) else ''}"


def _variant(image: str) -> str:
    return next((name for name in ("distroless", "debug") if image.endswith(f"-{name}")), "")
