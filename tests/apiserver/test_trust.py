"""The playbook trust: one root for all clusters, an intermediate for each, and no other root for a cluster that has one."""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from lab.apiserver import ApiServer
from tests.harness import playbook

CLUSTERS = ("eu", "us")

# Several playbooks in a row, each of dozens of tasks.
pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def primaries(server: ApiServer) -> Iterator[dict[str, Any]]:
    """Two primaries: in this test they are two namespaces of one API server."""
    connection = {"meshyard_kubeconfig": str(server.kubeconfig)}
    hosts = {name: {**connection, "remote_cluster_control_plane_namespace": f"trust-{name}"} for name in CLUSTERS}
    yield {"istio_primary": hosts}
    for name in CLUSTERS:
        server.client.request("DELETE", f"/api/v1/namespaces/trust-{name}/secrets")


def cacerts(server: ApiServer, name: str) -> dict[str, bytes]:
    """The files in the Secret of a cluster."""
    data = server.client.get(f"/api/v1/namespaces/trust-{name}/secrets/cacerts")["data"]
    return {file: base64.b64decode(content) for file, content in data.items()}


def test_each_cluster_gets_an_intermediate_of_one_root_once_and_no_other_root(
    server: ApiServer, primaries: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "trust"

    def run(*arguments: str) -> playbook.Outcome:
        return playbook.play("trust", primaries, tmp_path, *arguments, remote_cluster_trust_directory=str(folder))

    predicted = run("--check", "--limit", "eu")
    assert (predicted.status, folder.exists()) == (0, False), predicted.said
    assert predicted.changed
    done = run()
    assert done.status == 0, done.said
    found = {name: cacerts(server, name) for name in CLUSTERS}
    _refuse_unverified(found)
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.rglob("*key.pem")} == {"root-key.pem": 0o600, "ca-key.pem": 0o600}
    assert "PRIVATE KEY" not in done.said

    primaries["istio_primary"]["eu"] |= {"remote_cluster_trust_due_days": 10000, "remote_cluster_trust_renew": True}
    again = run()
    after = cacerts(server, "eu")
    assert (again.status, after["ca-cert.pem"] != found["eu"]["ca-cert.pem"]) == (0, True), again.said
    assert re.search(r"\bus : ok=\d+ changed=0 ", again.said), again.said
    assert cacerts(server, "us") == found["us"]
    _refuse_unverified({"eu": after, "us": found["us"]})

    shutil.rmtree(folder)
    refused = run("--limit", "eu")
    assert (refused.status, cacerts(server, "eu")) == (2, after)
    assert "eu has another root certificate" in refused.said
    assert "remote_cluster_change_identity" in refused.said


def _refuse_unverified(found: dict[str, dict[str, bytes]]) -> None:
    roots = {files["root-cert.pem"] for files in found.values()}
    assert len(roots) == 1
    assert len({files["ca-key.pem"] for files in found.values()}) == len(found)
    for name, files in found.items():
        intermediate, root = x509.load_pem_x509_certificates(files["cert-chain.pem"])
        assert x509.load_pem_x509_certificate(files["ca-cert.pem"]) == intermediate
        assert {root} == {x509.load_pem_x509_certificate(one) for one in roots}
        intermediate.verify_directly_issued_by(root)
        root.verify_directly_issued_by(root)
        constraints = intermediate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
        assert intermediate.subject.get_attributes_for_oid(x509.NameOID.LOCALITY_NAME)[0].value == name
