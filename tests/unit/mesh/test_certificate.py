"""Reading when certificates expire."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import certificate


def make(folder: Path, days: int, *more: str) -> str:
    key, made = folder / f"{days}.key", folder / f"{days}.pem"
    command = ["openssl", "req", "-x509", "-newkey", *(more or ("rsa:2048",)), "-nodes", "-subj", "/O=mesh", "-days", str(days)]
    subprocess.run([*command, "-keyout", key, "-out", made], check=True, capture_output=True)
    return made.read_text()


@pytest.mark.parametrize("days", [1, 3650, 36500])
def test_the_expiry_is_what_the_certificate_says(tmp_path: Path, days: int) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    found = certificate.expiry(make(tmp_path, days))
    assert found is not None
    assert timedelta(0) <= found - before - timedelta(days=days) < timedelta(minutes=2)


def test_the_first_to_expire_of_a_chain_counts(tmp_path: Path) -> None:
    short, long = make(tmp_path, 5), make(tmp_path, 500)
    assert certificate.expiry(long + short) == certificate.expiry(short)


def test_a_certificate_with_an_elliptic_key_is_read_too(tmp_path: Path) -> None:
    assert certificate.expiry(make(tmp_path, 30, "ec", "-pkeyopt", "ec_paramgen_curve:P-256")) is not None


def test_the_fingerprint_of_each_certificate_is_the_one_that_openssl_tells(tmp_path: Path) -> None:
    bundle = [make(tmp_path, 5), make(tmp_path, 500)]
    command = ["openssl", "x509", "-noout", "-fingerprint", "-sha256"]
    told = [subprocess.run(command, input=one, check=True, capture_output=True, text=True).stdout for one in bundle]
    wanted = [one.partition("=")[2].strip().replace(":", "").lower() for one in told]
    found = certificate.certificates("\n".join([bundle[0], "in between", bundle[1]]))
    assert [one.fingerprint for one in found] == wanted
    assert [one.ends for one in found] == [certificate.expiry(one) for one in bundle]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
    ],
)
def test_what_is_no_certificate_has_no_expiry(text: str) -> None:
    assert certificate.expiry(text) is None


def test_without_the_library_one_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = make(tmp_path, 5)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert certificate.expiry("no certificate") is None
    with pytest.raises(MeshyardError, match="cryptography is missing"):
        certificate.expiry(pem)
