# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What stands against a canary beside a Deployment, or its user should know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..._mesh import labels, raw, selector
from ..._words import listed
from ..finding import Finding, Level
from .canary import canary_labels, in_front, own_selector, selector_of
from .mesh_route import encrypted_ports


def problems(deployment: raw.Raw, services: Iterable[raw.Raw], template: raw.Raw) -> list[Finding]:
    """What is found in the Deployment, in the Services of its namespace and in the template that is to be released."""
    present = list(services)
    changed = canary_labels(deployment, present, template)
    return [
        *_of_names(deployment, template),
        *_of_services(deployment, present, template, changed),
        *_of_selectors(deployment, template, changed),
        *_of_pods(deployment, template),
    ]


def _of_names(deployment: raw.Raw, template: raw.Raw) -> Iterator[Finding]:
    if labels.WORKLOAD_NAME in raw.labels_of(template):
        yield _finding(
            "blocker",
            "workload_name_label",
            deployment,
            f"The pods have the label {labels.WORKLOAD_NAME}, so that Istio's metrics could not tell the canary from the stable.",
            "Take the label out of the pod template first.",
        )


def _of_services(deployment: raw.Raw, services: Sequence[raw.Raw], template: raw.Raw, changed: dict[str, str]) -> Iterator[Finding]:
    front = list(in_front(services, template))
    if not any(raw.items(one, "spec", "ports") and raw.text(one, "spec", "type") != "ExternalName" for one in front):
        yield _finding(
            "blocker",
            "no_service",
            deployment,
            f"No Service with ports selects the pods ({listed(map(raw.qualified, front)) or 'none at all'}): no traffic could be moved.",
            "Make a Service in front of the Deployment first.",
        )
    encrypted = [f"{number} of Service {raw.qualified(one)}" for one in front for number in encrypted_ports(one)]
    if encrypted:
        yield _finding(
            "warning",
            "port_encrypted",
            deployment,
            f"Clients encrypt their connections to port {listed(encrypted)}: no metric of requests tells how the canary does there.",
            "Give metrics of your own for it; where no VirtualService has a route with tls for the port, it stays with the stable.",
        )
    yield from _of_leaks(deployment, services, template, changed)


def _of_leaks(deployment: raw.Raw, services: Sequence[raw.Raw], template: raw.Raw, changed: dict[str, str]) -> Iterator[Finding]:
    marks = {**raw.labels_of(template), **changed}
    ours = [one for one in services if labels.RELEASE_NAMESPACE in raw.labels_of(one)]
    selecting = [one for one in services if one not in ours and selector_of(one) and selector_of(one).items() <= marks.items()]
    if selecting:
        yield _finding(
            "blocker",
            "canary_selected",
            deployment,
            f"The canary's pods would be selected by Service {listed(map(raw.qualified, selecting))} and get traffic past all weights.",
            "Give the Service a selector with a label of the stable pods that does not belong to Istio.",
        )


def _of_selectors(deployment: raw.Raw, template: raw.Raw, changed: dict[str, str]) -> Iterator[Finding]:
    marks = {**raw.labels_of(template), **changed}
    wanted = raw.mapping(deployment, "spec", "selector")
    own = {**wanted, "matchLabels": {key: changed.get(key, value) for key, value in own_selector(deployment).items()}}
    if not selector.parse(wanted).matches(raw.labels_of(template)):
        yield _finding(
            "blocker",
            "template_not_selected",
            deployment,
            "The new template has not the labels by which the Deployment selects its pods; that selector cannot be changed.",
            "Leave these labels as they are.",
        )
    elif not selector.parse(own).matches(marks) or selector.parse(wanted).matches(marks):
        yield _finding(
            "blocker",
            "selector_unmet",
            deployment,
            f"The Deployment's selector leaves no room for a canary, whose pods would have {listed(_pairs(changed)) or 'the same labels'}.",
            "Make the Deployment anew with a selector that has matchLabels for labels of its own.",
        )


def _of_pods(deployment: raw.Raw, template: raw.Raw) -> Iterator[Finding]:
    spec = raw.mapping(template, "spec")
    if spec.get("hostNetwork") is True:
        yield _finding(
            "blocker",
            "host_network",
            deployment,
            "The pods use the network of their nodes: they have no sidecar, so that no metric could tell how the canary does.",
            "Release it in another way.",
        )
    ports = [
        raw.number(port, "hostPort") for one in raw.items(spec, "containers") for port in raw.items(one, "ports") if port.get("hostPort")
    ]
    if ports:
        yield _finding(
            "warning",
            "host_port",
            deployment,
            f"The pods take port {listed(ports)} of their nodes: the canary's start only on nodes without a stable pod.",
            "See that there are enough nodes.",
        )
    claims = [raw.text(one, "persistentVolumeClaim", "claimName") for one in raw.items(spec, "volumes") if one.get("persistentVolumeClaim")]
    if claims:
        yield _finding(
            "warning",
            "volume_claim",
            deployment,
            f"The pods mount the volume claim {listed(claims)}. The canary's mount it too, and on the same node if it is ReadWriteOnce.",
            "See that both versions may use the volume together.",
        )


def _pairs(changed: dict[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in changed.items() if key != labels.CANONICAL_NAME]


def _finding(level: Level, code: str, deployment: raw.Raw, message: str, remedy: str) -> Finding:
    return Finding(level, code, f"Deployment {raw.qualified(deployment)}", message, remedy)
