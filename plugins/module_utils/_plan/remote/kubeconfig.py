# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The kubeconfig in a remote secret, in the one form that istiod takes without further permission."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ..._charts import manifests
from ..._errors import MeshyardError
from ..._mesh import raw


@dataclass(frozen=True)
class Kubeconfig:
    """Cluster, user and context of one name.

    :ivar ca: the certificate authority as base64. :ivar token: the bearer token; empty where a kubeconfig has another credential.
    """

    name: str
    server: str
    ca: str
    token: str = field(repr=False, default="")

    def render(self) -> str:
        """As JSON, which is YAML too: there no name, such as C(123) or C(1e3), is taken for a number."""
        name = self.name
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": name, "cluster": {"server": self.server, "certificate-authority-data": self.ca}}],
                "users": [{"name": name, "user": {"token": self.token}}],
                "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
                "current-context": name,
            },
            indent=2,
        )

    def apart(self, other: Kubeconfig) -> list[str]:
        """In what this one leads elsewhere than another, in words."""
        said = []
        if self.server != other.server:
            said.append(f"the server is {self.server or 'not given'} instead of {other.server}")
        if self.ca and other.ca and self.ca != other.ca:
            said.append("the certificate authority is another one")
        return said


def parse(text: str) -> Kubeconfig | None:
    """What a kubeconfig leads to by its current context; None where it leads nowhere."""
    try:
        found = manifests.documents_of(text)
    except MeshyardError:
        return None
    if len(found) != 1 or not isinstance(found[0], dict):
        return None
    content: raw.Raw = found[0]
    name = raw.text(content, "current-context")
    context = _named(content, "contexts", name, "context")
    cluster = _named(content, "clusters", raw.text(context, "cluster"), "cluster")
    user = _named(content, "users", raw.text(context, "user"), "user")
    server = raw.text(cluster, "server")
    token = raw.text(user, "token") if set(user) == {"token"} else ""
    return Kubeconfig(name, server, raw.text(cluster, "certificate-authority-data"), token) if server else None


def _named(content: raw.Raw, group: str, name: str, key: str) -> dict[str, Any]:
    return next((raw.mapping(one, key) for one in raw.items(content, group) if raw.text(one, "name") == name), {})
