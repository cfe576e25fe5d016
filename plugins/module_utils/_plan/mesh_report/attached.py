# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The clusters that istiods of a cluster read, and how long they may: nothing of a credential leaves this file."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ..._mesh import raw, secret_data
from ..._words import TIME
from ..multicluster.discovery import address
from ..remote import kubeconfig
from ..remote.secret import CLUSTER_UID


def attached(secrets: Iterable[raw.Raw]) -> list[dict[str, Any]]:
    """The clusters of remote secrets, by name.

    :param secrets: those that istiods read; each key of one is the name of a cluster.
    """
    found = [_attached(secret, name) for secret in secrets for name in raw.mapping(secret, "data")]
    return sorted(found, key=lambda one: (one["name"], one["secret"]))


def token_expiry(token: str) -> datetime | None:
    """When a token of Kubernetes expires; None where it does not, and where it is no such token."""
    try:
        content = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
        return datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (ValueError, LookupError, TypeError, OverflowError, OSError):
        return None


def _attached(secret: raw.Raw, name: str) -> dict[str, Any]:
    found = kubeconfig.parse(secret_data.text(secret, name))
    expires = token_expiry(found.token) if found else None
    alone = len(raw.mapping(secret, "data")) == 1
    return {
        "name": name,
        "secret": raw.qualified(secret),
        "server": address(found.server) if found else "",
        "uid": raw.annotations_of(secret).get(CLUSTER_UID, "") if alone else "",
        "token_expiry": expires.strftime(TIME) if expires else None,
        "usable": found is not None,
    }
