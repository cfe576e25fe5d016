# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The injection webhooks of a cluster: which pods each one catches, and whom it calls for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from . import labels, raw, selector

INJECTOR = "sidecar-injector.istio.io"
FOLLOWS_DEFAULT = {labels.INJECTION: "enabled"}
_CLUSTER = re.compile(r"/inject/cluster/([^/]+)(/|$)")


@dataclass(frozen=True)
class Service:
    """The Service that a webhook calls."""

    namespace: str
    name: str
    path: str = "/inject"

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Hook:
    """One entry of a MutatingWebhookConfiguration that injects sidecars.

    C(revision) is the configuration's C(istio.io/rev), C(tag) its C(istio.io/tag). C(matchConditions) that narrow it further are
    not judged here.
    """

    configuration: str
    name: str
    revision: str
    tag: str | None
    namespaces: selector.Selector
    objects: selector.Selector
    service: Service | None
    url: str | None
    ca_bundle: bool
    failure_policy: str
    deactivated: bool

    def __str__(self) -> str:
        return f"{self.configuration}/{self.name}"

    def matches(self, namespace_labels: Mapping[str, str], pod_labels: Mapping[str, str]) -> bool:
        """Whether the API server calls it for a new pod with these labels in a namespace with those."""
        return self.namespaces.matches(namespace_labels) and self.objects.matches(pod_labels)

    @property
    def cluster(self) -> str:
        """The cluster ID that it tells the istiod of another cluster; empty where it tells none."""
        found = _CLUSTER.search(self.service.path if self.service else self.url or "")
        return found.group(1) if found else ""

    @property
    def trusted(self) -> bool:
        """Whether the API server can verify the one it calls: istiod's certificate needs the CA bundle."""
        return self.ca_bundle or self.service is None


def hooks(configurations: Iterable[raw.Raw]) -> list[Hook]:
    """Every injection webhook in MutatingWebhookConfigurations, in the order in which the API server calls them."""
    found = []
    for configuration in sorted(configurations, key=raw.name):
        found += [
            _hook(configuration, entry) for entry in raw.items(configuration, "webhooks") if raw.text(entry, "name").endswith(INJECTOR)
        ]
    return found


def serving_default(known: Iterable[Hook]) -> list[Hook]:
    """The hooks that catch pods of a namespace with C(istio-injection=enabled)."""
    return [hook for hook in known if hook.matches(FOLLOWS_DEFAULT, {})]


def cluster(known: Iterable[Hook]) -> str:
    """The cluster ID by which istiods know the pods that they inject here; empty where that is not told, or not by all alike."""
    told = {hook.cluster for hook in known if hook.cluster}
    return told.pop() if len(told) == 1 else ""


def _hook(configuration: raw.Raw, entry: raw.Raw) -> Hook:
    service = _service(entry)
    return Hook(
        configuration=raw.name(configuration),
        name=raw.text(entry, "name"),
        revision=raw.labels_of(configuration).get(labels.REV) or _revision_of(service),
        tag=raw.labels_of(configuration).get(labels.TAG),
        namespaces=selector.parse(raw.mapping(entry, "namespaceSelector")),
        objects=selector.parse(raw.mapping(entry, "objectSelector")),
        service=service,
        url=raw.text(entry, "clientConfig", "url") or None,
        ca_bundle=bool(raw.text(entry, "clientConfig", "caBundle")),
        failure_policy=raw.text(entry, "failurePolicy") or "Fail",
        deactivated=labels.DEACTIVATED in raw.mapping(entry, "namespaceSelector", "matchLabels"),
    )


def _service(entry: raw.Raw) -> Service | None:
    given = raw.mapping(entry, "clientConfig", "service")
    if not given:
        return None
    return Service(raw.text(given, "namespace"), raw.text(given, "name"), raw.text(given, "path") or "/")


def _revision_of(service: Service | None) -> str:
    if service is None or not service.name.startswith("istiod-"):
        return labels.DEFAULT
    return service.name.removeprefix("istiod-")
