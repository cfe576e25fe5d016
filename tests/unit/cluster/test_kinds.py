"""Where the objects of a kind are."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind


def test_objects_are_below_their_group_version_and_namespace() -> None:
    assert kind("Deployment").path("shop", "web") == "/apis/apps/v1/namespaces/shop/deployments/web"
    assert kind("Namespace").path(None, "shop") == "/api/v1/namespaces/shop"
    assert kind("ClusterRole").path(None, "system:node") == "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node"


@pytest.mark.parametrize("name", ["shop?dryRun=All", "shop/status", "shop%2F", "shop#"])
def test_a_name_that_is_none_leads_to_no_other_object(name: str) -> None:
    path = kind("Namespace").path(None, name)
    assert path.startswith("/api/v1/namespaces/shop%")
    assert not {"?", "#"} & set(path)
