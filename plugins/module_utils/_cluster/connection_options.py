# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The words in which a connection is given, in every place that takes one: a module's own options, C(primary), C(remote), C(clusters), and
host variables with C(meshyard_) before them.

They are the authentication options of kubernetes.core. Written here, so that they are known where that collection is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What no_log hides here is narrowed to the secrets in it by _ansible/redaction.py: a kubeconfig may be a path, a URL may hold a password.
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "kubeconfig": {"type": "raw", "no_log": True},
    "context": {"type": "str"},
    "host": {"type": "str", "no_log": True},
    "api_key": {"type": "str", "no_log": True},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "validate_certs": {"type": "bool", "aliases": ["verify_ssl"]},
    "ca_cert": {"type": "path", "aliases": ["ssl_ca_cert"]},
    "client_cert": {"type": "path", "aliases": ["cert_file"]},
    "client_key": {"type": "path", "aliases": ["key_file"], "no_log": False},
    "proxy": {"type": "str", "no_log": True},
    "no_proxy": {"type": "str"},
    "proxy_headers": {
        "type": "dict",
        "options": {
            "proxy_basic_auth": {"type": "str", "no_log": True},
            "basic_auth": {"type": "str", "no_log": True},
            "user_agent": {"type": "str"},
        },
    },
    "persist_config": {"type": "bool"},
    "impersonate_user": {"type": "str"},
    "impersonate_groups": {"type": "list", "elements": "str"},
}
EXPECTED_UID = "expected_cluster_uid"

# All of it, and the host variable that stands for each.
WORDS = (*OPTIONS, EXPECTED_UID)
VARIABLES: Mapping[str, str] = {word: f"meshyard_{word}" for word in WORDS}


def from_variables(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The connection that host variables describe; what is not set or empty is left out."""
    found = {word: variables[name] for word, name in VARIABLES.items() if name in variables}
    return {word: value for word, value in found.items() if value is not None and value != ""}
