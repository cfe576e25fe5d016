"""Injection webhooks are read from their configurations, also from incomplete ones."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import webhook
from tests.unit.mesh import build


def entry(**changes: Any) -> dict[str, Any]:
    client = {"service": {"name": "istiod-r1", "namespace": "mesh", "path": "/inject/cluster/east"}, "caBundle": "Q0E="}
    return {"name": "rev.namespace.sidecar-injector.istio.io", "clientConfig": client, **changes}


def read(one: dict[str, Any], **labels: str) -> webhook.Hook:
    (found,) = webhook.hooks([{"metadata": {"name": "x", "labels": labels}, "webhooks": [one]}])
    return found


def test_a_webhook_is_read_with_whom_it_calls() -> None:
    found = read(entry(), **{"istio.io/rev": "r1", "istio.io/tag": "prod"})
    assert (found.configuration, found.revision, found.tag) == ("x", "r1", "prod")
    assert found.service == webhook.Service("mesh", "istiod-r1", "/inject/cluster/east")
    assert (found.url, found.ca_bundle, found.trusted, found.failure_policy) == (None, True, True, "Fail")
    assert str(found.service) == "mesh/istiod-r1"


@pytest.mark.parametrize(
    ("client", "revision"),
    [
        ({"service": {"name": "istiod-r1", "namespace": "mesh"}}, "r1"),
        ({"service": {"name": "istiod", "namespace": "mesh"}}, "default"),
        ({"service": {"name": "other", "namespace": "mesh"}}, "default"),
        ({"url": "https://istiod.example/inject"}, "default"),
    ],
)
def test_without_a_label_the_service_tells_the_revision(client: dict[str, Any], revision: str) -> None:
    found = read(entry(clientConfig=client))
    assert (found.revision, found.url) == (revision, client.get("url"))
    assert found.service is None or found.service.path == "/"


@pytest.mark.parametrize(
    ("clients", "cluster"),
    [
        ([{"service": {"name": "istiod-r1", "namespace": "mesh", "path": "/inject/cluster/east/net/one"}}], "east"),
        ([{"url": "https://istiod.example:15017/inject/cluster/east"}], "east"),
        ([{"url": "https://istiod.example/inject/cluster/east"}, {"url": "https://istiod.example/inject/cluster/west"}], ""),
        ([{"service": {"name": "istiod-r1", "namespace": "mesh", "path": "/inject"}}], ""),
        ([], ""),
    ],
)
def test_webhooks_tell_the_istiod_of_another_cluster_where_they_are(clients: list[dict[str, Any]], cluster: str) -> None:
    assert webhook.cluster(read(entry(clientConfig=client)) for client in clients) == cluster


def test_other_webhooks_are_passed_over() -> None:
    assert webhook.hooks([{"metadata": {"name": "x"}, "webhooks": [entry(name="policy.example.com")]}]) == []


def test_webhooks_come_in_the_order_in_which_they_are_called() -> None:
    found = webhook.hooks([build.injector("r2"), build.injector("r1"), build.injector("r1", tag="prod")])
    assert list(dict.fromkeys(hook.configuration for hook in found)) == [
        "istio-revision-tag-prod",
        "istio-sidecar-injector-r1",
        "istio-sidecar-injector-r2",
    ]


def test_only_active_webhooks_serve_the_default() -> None:
    assert webhook.serving_default(build.hooks(build.injector("default"), build.injector("r1")))
    assert not webhook.serving_default(build.hooks(build.injector("default", deactivated=True), build.injector("r1")))
