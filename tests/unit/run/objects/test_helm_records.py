"""Helm's records: what they say that a release made."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Ref
from ansible_collections.meshyard.istio.plugins.module_utils._run.objects import helm_records

MANIFEST = """
apiVersion: v1
kind: Service
metadata: {name: istiod}
---
# a template that rendered nothing
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: istiod-clusterrole, namespace: ignored}
---
apiVersion: example.com/v1
kind: Unknown
metadata: {name: other, namespace: elsewhere}
"""


def record(release: Any) -> dict[str, Any]:
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    return {"data": {"release": base64.b64encode(packed).decode()}}


def test_a_record_names_all_objects_of_its_manifest() -> None:
    assert helm_records.decode(record({"namespace": "istio-system", "manifest": MANIFEST})) == [
        Ref("v1", "Service", "istio-system", "istiod"),
        Ref("rbac.authorization.k8s.io/v1", "ClusterRole", "", "istiod-clusterrole"),
        Ref("example.com/v1", "Unknown", "elsewhere", "other"),
    ]


@pytest.mark.parametrize("secret", [{}, {"data": {"release": "!"}}, {"data": {"release": "eA=="}}, record({"manifest": "{"})])
def test_a_record_that_cannot_be_read_is_not_taken_for_an_empty_one(secret: dict[str, Any]) -> None:
    assert helm_records.decode(secret) is None
