"""Whether certificates would be trusted."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ansible_collections.meshyard.istio.plugins.plugin_utils.trust import authority, root


def pem(name: str) -> str:
    """A certificate that signs itself."""
    key = Ed25519PrivateKey.generate()
    called = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)])
    builder = x509.CertificateBuilder(
        called, called, key.public_key(), 1, datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
    )
    return builder.sign(key, None).public_bytes(Encoding.PEM).decode()


def secret(text: str) -> list[dict[str, Any]]:
    return [{"data": {"root-cert.pem": base64.b64encode(text.encode()).decode()}}]


def shown(text: str) -> list[dict[str, Any]]:
    return [{"data": {"root-cert.pem": text}}]


A, B = pem("a"), pem("b")


@pytest.mark.parametrize(
    ("secrets", "config_maps", "runs", "change"),
    [
        ([], [], False, "none"),
        ([], shown(B), False, "none"),
        ([], [], True, "unknown"),
        ([{"data": None}], shown("gibberish"), True, "unknown"),
        (secret("gibberish"), [], False, "unknown"),
        (secret(A), shown(B), True, "same"),
        (secret(A.replace("\n", "\r\n") + B), [], False, "same"),
        (secret(B), shown(A), True, "other"),
        ([], shown(A), True, "same"),
        ([], shown(B), True, "other"),
    ],
)
def test_a_root_is_compared_with_what_workloads_trust(
    secrets: list[dict[str, Any]], config_maps: list[dict[str, Any]], runs: bool, change: str
) -> None:
    assert root(A, secrets, config_maps, runs) == change


def test_a_file_without_a_certificate_is_another_root() -> None:
    assert root("", secret(A), [], True) == "other"


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({}, ""),
        ({"expired": True, "public_key": "other"}, "expired"),
        ({"basic_constraints": None}, "not_a_ca"),
        ({"basic_constraints": ["CA:FALSE"]}, "not_a_ca"),
        ({"public_key": "other"}, "other_key"),
    ],
)
def test_an_intermediate_is_refused_by_what_is_wrong_with_it(changed: dict[str, Any], problem: str) -> None:
    fine = {"expired": False, "basic_constraints": ["CA:TRUE", "pathlen:0"], "public_key": "key"}
    assert authority({**fine, **changed}, {"public_key": "key"}) == problem
