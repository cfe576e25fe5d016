# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What tells certificates apart, and when they expire: simple enough to be read without a library for cryptography."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
_VERSION, _UTC_TIME, _GENERALIZED_TIME = 0xA0, 0x17, 0x18


@dataclass(frozen=True)
class Certificate:
    """One certificate: the SHA-256 of its bytes in hexadecimal digits, and its end; None where that cannot be read."""

    fingerprint: str
    ends: datetime | None


def certificates(pem: str) -> list[Certificate]:
    """The certificates in a PEM text; what cannot be decoded is passed over."""
    found = [bytes_of for bytes_of in map(_decoded, _PEM.findall(pem)) if bytes_of]
    return [Certificate(hashlib.sha256(one).hexdigest(), _not_after(one)) for one in found]


def expiry(pem: str) -> datetime | None:
    """When the first of the certificates in a PEM text expires; None where it holds none that can be read."""
    return min((one.ends for one in certificates(pem) if one.ends), default=None)


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (ValueError, binascii.Error):
        return b""


def _not_after(certificate: bytes) -> datetime | None:
    try:
        signed = _children(_children(certificate)[0][1])[0][1]
        fields = _children(signed)
        if fields[0][0] == _VERSION:  # absent in certificates of version 1
            fields = fields[1:]
        tag, content = _children(fields[3][1])[1]  # after serial number, algorithm, issuer: the validity
        return _time(tag, content.decode("ascii"))
    except (ValueError, IndexError):
        return None


def _children(data: bytes) -> list[tuple[int, bytes]]:
    """The tags and contents of the elements in a row."""
    found, position = [], 0
    while position < len(data):
        tag, length, start = data[position], data[position + 1], position + 2
        if length & 0x80:  # the length is written in the next bytes, so many of them
            start += length & 0x7F
            length = int.from_bytes(data[position + 2 : start], "big")
        if start + length > len(data):
            raise ValueError("an element is longer than what holds it")
        found.append((tag, data[start : start + length]))
        position = start + length
    return found


def _time(tag: int, text: str) -> datetime:
    if tag == _UTC_TIME:  # two digits of a year: from 1950 to 2049
        text = f"{'20' if int(text[:2]) < 50 else '19'}{text}"
    elif tag != _GENERALIZED_TIME:
        raise ValueError("no time where one must be")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
