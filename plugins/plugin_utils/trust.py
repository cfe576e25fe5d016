# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Whether certificates would be trusted, and by workloads that run already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ..module_utils._mesh import raw, secret_data
from ..module_utils._mesh.certificate import certificates

_ROOT = "root-cert.pem"

Resources = Sequence[Mapping[str, Any]]
Root = Literal["none", "same", "other", "unknown"]
Authority = Literal["", "expired", "not_a_ca", "other_key"]


def root(new: str, secrets: Resources, shown: Resources, runs: bool) -> Root:
    """How a root certificate compares with what workloads trust now, which may be several roots.

    :param new: the certificate as PEM. :param secrets: the Secret C(cacerts), as far as it is there.
    :param shown: the ConfigMap that tells workloads the roots. :param runs: whether a control plane runs.
    """
    known = secret_data.text(next(iter(secrets), {}), _ROOT) or (raw.text(next(iter(shown), {}), "data", _ROOT) if runs else "")
    trusted = {certificate.fingerprint for certificate in certificates(known)}
    if not trusted:
        return "unknown" if runs or known.strip() else "none"
    given = {certificate.fingerprint for certificate in certificates(new)}
    return "same" if given and given <= trusted else "other"


def authority(certificate: Mapping[str, Any], key: Mapping[str, Any]) -> Authority:
    """Why nobody would trust what an intermediate certificate signs; empty where nothing is wrong with it.

    :param certificate: as C(community.crypto.x509_certificate_info) returns it.
    :param key: as C(community.crypto.openssl_privatekey_info) returns it.
    """
    if certificate["expired"]:
        return "expired"
    if "CA:TRUE" not in (certificate["basic_constraints"] or ()):
        return "not_a_ca"
    return "" if certificate["public_key"] == key["public_key"] else "other_key"
