"""The molecule scenario of the control plane's role, on an empty cluster."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lab.paths import BIN, CHARTS, FILES
from tests import tree
from tests.harness.lab_cluster import LabCluster


def test_the_role_passes_check_converge_idempotence_and_verify(cluster: LabCluster, collections: Path, work: Path) -> None:
    environment = {
        **os.environ,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), str(BIN), os.environ["PATH"])),
        "MESHYARD_KUBECONFIG": cluster.target.kubeconfig,
        "MESHYARD_CONTEXT": cluster.name,
        "MESHYARD_CHARTS": str(CHARTS),
        "MESHYARD_VALUES": str(FILES / "istiod-values.yaml"),
        "MESHYARD_COLLECTIONS": str(collections),
        "NO_COLOR": "1",
        "MOLECULE_EPHEMERAL_DIRECTORY": str(work / "molecule"),
    }
    done = subprocess.run(["molecule", "test"], cwd=tree.ROOT, env=environment, check=False, capture_output=True, text=True, timeout=600)
    (work / "molecule.log").write_text(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
