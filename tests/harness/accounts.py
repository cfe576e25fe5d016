"""Accounts with the roles of examples/rbac."""

from __future__ import annotations

import yaml

from lab.client import Client
from tests.tree import ROOT

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"


def token(client: Client, name: str, *roles: str) -> str:
    """The token of an account with these roles."""
    client.ensure(_ACCOUNTS, {"metadata": {"name": name}})
    for role in roles:
        found = yaml.safe_load((ROOT / "examples" / "rbac" / f"{role}.yaml").read_text())
        client.ensure(f"{_RBAC}/clusterroles", {"metadata": found["metadata"], "rules": found["rules"]})
        ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": f"meshyard-{role}"}
        subject = {"kind": "ServiceAccount", "name": name, "namespace": "default"}
        client.ensure(f"{_RBAC}/clusterrolebindings", {"metadata": {"name": f"{name}-{role}"}, "roleRef": ref, "subjects": [subject]})
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    given: str = client.create(f"{_ACCOUNTS}/{name}/token", body)["status"]["token"]
    return given
