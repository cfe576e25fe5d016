"""Certificates pass strict checks, and kubeconfigs stand on their own."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from lab import identities, kubeconfig, pki
from lab.controlplane import ControlPlane
from lab.pki import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki", "central")


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_a_server_certificate_is_accepted_for_its_names_and_addresses(authority: Authority) -> None:
    pair = authority.issue("apiserver", "kube-apiserver", addresses=["kubernetes.default.svc", "10.99.0.11"])
    store = Store([load(authority.pair.certificate)])

    verifier = PolicyBuilder().store(store).build_server_verifier(x509.DNSName("kubernetes.default.svc"))

    assert verifier.verify(load(pair.certificate), [])
    names = load(pair.certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(item) for item in names.get_values_for_type(x509.IPAddress)] == ["10.99.0.11"]


def test_a_certificate_says_who_its_user_is_and_in_which_groups(authority: Authority) -> None:
    pair = authority.issue("kubelet", "system:node:central", ["system:nodes", "others"])

    subject = load(pair.certificate).subject
    assert [item.value for item in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["system:node:central"]
    assert [item.value for item in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["system:nodes", "others"]
    usage = load(pair.certificate).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert ExtendedKeyUsageOID.CLIENT_AUTH in usage


def test_the_authority_has_the_key_usage_that_newer_pythons_ask_for(authority: Authority) -> None:
    usage = load(authority.pair.certificate).extensions.get_extension_for_class(x509.KeyUsage)

    assert usage.critical
    assert usage.value.key_cert_sign


def test_what_was_issued_stays_when_asked_for_again(tmp_path: Path) -> None:
    first = Authority(tmp_path, "central").issue("admin", "lab-admin")
    before = first.certificate.read_bytes()

    again = Authority(tmp_path, "central").issue("admin", "lab-admin")

    assert again.certificate.read_bytes() == before
    assert pki.signing_key(tmp_path, "accounts").key.read_bytes() == pki.signing_key(tmp_path, "accounts").key.read_bytes()


def test_a_kubeconfig_holds_everything_it_needs(authority: Authority, tmp_path: Path) -> None:
    pair = authority.issue("admin", "lab-admin")

    config = kubeconfig.render("central", "https://10.99.0.11:6443", authority.pair.certificate, pair)

    assert config["current-context"] == "central"
    assert config["contexts"] == [{"name": "central", "context": {"cluster": "central", "user": "central"}}]
    user = config["users"][0]["user"]
    assert base64.b64decode(user["client-key-data"]) == pair.key.read_bytes()
    assert str(tmp_path) not in yaml.safe_dump(config)


def test_merged_kubeconfigs_keep_every_context_and_the_first_as_current(authority: Authority) -> None:
    pair = authority.issue("admin", "lab-admin")
    parts = [kubeconfig.render(name, "https://localhost", authority.pair.certificate, pair) for name in ("central", "remote")]

    merged = kubeconfig.merge(parts)

    assert [item["name"] for item in merged["contexts"]] == ["central", "remote"]
    assert merged["current-context"] == "central"
    assert kubeconfig.merge([])["contexts"] == []


def test_files_with_secrets_are_for_their_owner_alone(tmp_path: Path) -> None:
    plane = ControlPlane(tmp_path, "127.0.0.1", "127.0.0.1", 6443, "10.96.1.0/24")

    identities.make(plane, "central", ["127.0.0.1"], ["scheduler", "lab"])

    secrets = ["kubeconfig", "scheduler.kubeconfig", "token", "tokens.csv", "pki/ca.key", "pki/admin.key", "pki/lab.key"]
    assert {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in secrets} == dict.fromkeys(secrets, 0o600)


def test_the_token_of_a_cluster_is_the_one_its_server_knows(tmp_path: Path) -> None:
    plane = ControlPlane(tmp_path, "127.0.0.1", "127.0.0.1", 6443, "10.96.1.0/24")

    identities.make(plane, "central", [], [])

    token = (tmp_path / "token").read_text()
    assert len(token) >= 24
    assert (tmp_path / "tokens.csv").read_text() == f'{token},lab-admin,lab-admin,"system:masters"\n'
