# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What tells certificates apart, and when they expire."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from .. import _libraries
from .._errors import MeshyardError

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class Certificate:
    """One certificate: its SHA-256 fingerprint in hexadecimal digits, and its end."""

    fingerprint: str
    ends: datetime


def certificates(pem: str) -> list[Certificate]:
    """The certificates in a PEM text; what is none is passed over.

    :raises MeshyardError: the library that reads them is missing.
    """
    blocks = _PEM.findall(pem)
    return [found for found in map(_read, blocks) if found]


def expiry(pem: str) -> datetime | None:
    """When the first of the certificates in a PEM text expires; None where it holds none that can be read."""
    return min((one.ends for one in certificates(pem)), default=None)


def _read(block: str) -> Certificate | None:
    try:
        # Here, so that only those who look at certificates need the library.
        import cryptography
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256
    except ImportError as problem:
        raise MeshyardError(
            "A certificate of the mesh cannot be read: the Python library cryptography is missing.",
            "Install it for the interpreter that runs the modules, or add `cryptography` to the execution environment.",
            code="requirement_missing",
        ) from problem
    _libraries.require("cryptography", cryptography.__version__)
    try:
        found = x509.load_pem_x509_certificate(block.encode())
        return Certificate(found.fingerprint(SHA256()).hex(), found.not_valid_after_utc)
    except ValueError:
        return None
