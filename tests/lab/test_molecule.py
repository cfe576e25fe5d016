"""The molecule scenarios of the roles, on empty clusters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lab.addresses import KUBECONFIG
from lab.paths import BIN, CHARTS, FILES
from tests import tree
from tests.harness.lab.cluster import LabCluster
from tests.harness.lab.members import PRIMARY, REMOTE
from tests.harness.lab.mesh_of_two import MeshOfTwo
from tests.harness.lab.target import run_lab


def test_the_role_of_control_planes_passes_check_converge_idempotence_and_verify(
    cluster: LabCluster, collections: Path, work: Path
) -> None:
    molecule(
        "default",
        collections,
        work,
        MESHYARD_KUBECONFIG=cluster.target.kubeconfig,
        MESHYARD_CONTEXT=cluster.name,
    )


def test_the_role_of_remote_clusters_passes_check_converge_idempotence_and_verify(collections: Path, work: Path) -> None:
    two = MeshOfTwo(work, collections, {})
    try:
        clusters = {"MESHYARD_PRIMARY": PRIMARY, "MESHYARD_REMOTE": REMOTE}
        molecule("join", collections, two.members.evidence, MESHYARD_KUBECONFIG=str(KUBECONFIG), **clusters)
    finally:
        run_lab("down", "--clusters", REMOTE)


def molecule(scenario: str, collections: Path, work: Path, **given: str) -> None:
    """Runs a scenario from its beginning to its end."""
    environment = {
        **os.environ,
        **given,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), str(BIN), os.environ["PATH"])),
        "MESHYARD_CHARTS": str(CHARTS),
        "MESHYARD_VALUES": str(FILES / "istiod-values.yaml"),
        "MESHYARD_COLLECTIONS": str(collections),
        "NO_COLOR": "1",
        "MOLECULE_EPHEMERAL_DIRECTORY": str(work / "molecule"),
    }
    command = ["molecule", "test", "-s", scenario]
    done = subprocess.run(command, cwd=tree.ROOT, env=environment, check=False, capture_output=True, text=True, timeout=600)
    (work / "molecule.log").write_text(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
