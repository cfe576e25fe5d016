# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Findings about networks: pods that reach each other by their addresses, and gateways between those that do not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..._words import listed
from ..finding import Finding, Level
from ..remote import control_plane as remote_control_plane
from .model import ClusterFinding, MeshClusters, View, refused
from .ranges import overlap, used


def findings(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    """All findings of this file."""
    yield from _labels(mesh_clusters)
    yield from _gateways(mesh_clusters)
    for one, other in mesh_clusters.pairs():
        if one.network == other.network and one.uid != other.uid:
            yield from _ranges(one, other)


def _labels(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    what = f"Namespace {mesh_clusters.namespace}"
    named = [view.name for view in mesh_clusters.views if view.network]
    for view in mesh_clusters.views:
        place = remote_control_plane.Place(view.name, view.given.network, "")
        yield from refused(
            view.name, "blocker", "network_differs", what, partial(remote_control_plane.refuse_network, view.home, place, view.name)
        )
        if named and not view.network:
            yield (
                view.name,
                Finding(
                    "warning",
                    "network_missing",
                    what,
                    f"Cluster {view.name} names no network, and {listed(named, ' and ')} do: to Istio it is in another network than those.",
                    "Give network for every cluster, or for none where all pods reach each other by their addresses.",
                ),
            )


def _gateways(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    """Into every network from which and into which traffic is to cross leads a gateway with an address."""
    if len({view.network for view in mesh_clusters.views}) < 2:
        return
    for view in mesh_clusters.views:
        found = [one for one in view.gateways if one.network == view.network]
        if not view.network or any(one.addresses for one in found):
            continue
        others = listed(sorted({other.network or "(none)" for other in mesh_clusters.views} - {view.network}), " and ")
        # The gateway's pod is injected too, so it cannot stand before the cluster has a control plane.
        later = not view.served or view.given.planned
        if found:
            code, said = "gateway_without_address", f"the gateway {found[0].object} has no address yet"
            remedy = "Give its Service an address: a load balancer, or spec.externalIPs."
        else:
            code, said = "gateway_missing", f"no Service has the label {remote_control_plane.NETWORK}={view.network}"
            remedy = "Install an east-west gateway there with istio_gateway and the value networkGateway"
            remedy += ", as soon as the cluster has joined." if later else "."
        what = f"Service {found[0].object}" if found else f"network {view.network}"
        message = f"Cluster {view.name} is in network {view.network} and others in {others}, and {said}"
        level: Level = "warning" if later else "blocker"
        yield view.name, Finding(level, code, what, f"{message}: its services are not reached from there.", remedy)


def _ranges(one: View, other: View) -> Iterator[ClusterFinding]:
    why = overlap(one.ranges, one.pods, other.ranges, other.pods)
    both = f"{one.name} and {other.name}"
    if why:
        yield (
            one.name,
            Finding(
                "blocker",
                "pod_ranges_overlap",
                f"cluster {one.name}",
                f"The clusters {both} are to share a network, and {why} (in the order {both}).",
                "Put them into different networks with east-west gateways between, or give one of the clusters other pod ranges.",
            ),
        )
        return
    for view in (one, other):
        if not used(view.ranges, view.pods):
            yield (
                view.name,
                Finding(
                    "info",
                    "pod_ranges_unknown",
                    f"cluster {view.name}",
                    f"The nodes of cluster {view.name} do not tell the pod ranges that are used: "
                    "only the addresses of its present pods were compared.",
                    "See in the settings of its network plugin that its range is that of no other cluster.",
                ),
            )
