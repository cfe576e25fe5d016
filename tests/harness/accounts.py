"""Accounts with the roles of examples/rbac."""

from __future__ import annotations

from typing import Any

import yaml

from lab.client import Client
from tests.tree import ROOT

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"


def token(client: Client, name: str, *roles: str) -> str:
    """The token of an account with these roles."""
    client.ensure(_ACCOUNTS, {"metadata": {"name": name}})
    for role in roles:
        file = yaml.safe_load((ROOT / "examples" / "rbac" / f"{role}.yaml").read_text())
        for found in file.get("items", [file]):
            _bind(client, name, role, found)
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    given: str = client.create(f"{_ACCOUNTS}/{name}/token", body)["status"]["token"]
    return given


def _bind(client: Client, account: str, role: str, found: dict[str, Any]) -> None:
    """A role of the file and its binding, in the namespace that it names or everywhere."""
    kind, namespace = found["kind"], found["metadata"].get("namespace")
    base = f"{_RBAC}/namespaces/{namespace}" if namespace else _RBAC
    client.ensure(f"{base}/{kind.lower()}s", {"metadata": found["metadata"], "rules": found["rules"]})
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": found["metadata"]["name"]}
    subject = {"kind": "ServiceAccount", "name": account, "namespace": "default"}
    binding = {"metadata": {"name": f"{account}-{role}"}, "roleRef": ref, "subjects": [subject]}
    client.ensure(f"{base}/{kind.lower()}bindings", binding)
