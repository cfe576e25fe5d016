# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What of a mesh expires: CAs, the roots that proxies trust, and the tokens by which clusters are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import problem
from .part import Row
from .problem import Problem

CA, ROOT, TOKEN = "ca", "root", "token"


def certificates(planes: Sequence[Row], roots: Mapping[str, Sequence[Row]], remote_secrets: Sequence[Row]) -> list[dict[str, Any]]:
    """All that has an expiry, and tokens that have none.

    :param roots: that proxies of a cluster trust, by cluster.
    """
    found = {
        *((one["cluster"], CA, str(one.get("ca_source") or ""), "", one["ca_expiry"]) for one in planes if one.get("ca_expiry")),
        *((name, ROOT, "ConfigMap istio-ca-root-cert", one["fingerprint"], one["expires"]) for name in roots for one in roots[name]),
        *((one["cluster"], TOKEN, f"Secret {one['secret']}", "", one["token_expiry"] or "") for one in remote_secrets),
    }
    words = ("cluster", "kind", "object", "fingerprint", "expires")
    return [{**dict(zip(words, row, strict=True)), "expires": row[-1] or None} for row in sorted(found)]


def expiring(found: Mapping[str, Any], at: str, before: str) -> Iterator[Problem]:
    """What expires soon, or has expired.

    :param at: the present time. :param before: until when it is soon.
    """
    known = problem.connections(found["clusters"])
    for row in found["certificates"]:
        expires = row["expires"]
        if not expires or expires >= before:
            continue
        severity = "error" if expires < at else "warning"
        said = f"{_WORDS[row['kind']]} {'expired' if expires < at else 'expires'} at {expires}"
        place, _slash, name = row["object"].rpartition(" ")[2].rpartition("/")
        look = problem.kubectl(known, row, *(["-n", place] if place else []), "get", row["object"].partition(" ")[0].lower(), name)
        command = problem.playbook("rotate") if row["kind"] == TOKEN else look
        yield problem.problem(severity, f"{row['kind']}_expires", row, row["object"], said, command)


def strangers(found: Mapping[str, Any]) -> Iterator[Problem]:
    """Clusters that read each other and trust no root in common."""
    roots: dict[str, set[str]] = {}
    for row in found["certificates"]:
        if row["kind"] == ROOT:
            roots.setdefault(row["cluster"], set()).add(row["fingerprint"])
    for row in found["remote_secrets"]:
        here, there = row["cluster"], row["leads_to"]
        if here in roots and there in roots and not roots[here] & roots[there]:
            said = f"it leads to cluster {there}, which trusts none of the roots of {here}, so that workloads of the two refuse each other"
            yield problem.problem("error", "roots_differ", row, f"Secret {row['secret']}", said, problem.playbook("trust"))


_WORDS = {CA: "a certificate of its CA", ROOT: "a root that proxies trust", TOKEN: "the token in it"}
