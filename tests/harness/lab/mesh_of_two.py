"""Both clusters of the lab as one mesh, for the scenarios that join them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab import cleanup, procfs, waiting
from lab.addresses import chosen
from lab.client import ApiError
from lab.process import Processes, Program
from tests.harness.lab import members
from tests.harness.lab.cluster import Body, LabCluster
from tests.harness.lab.members import NAMES, PRIMARY, Members
from tests.harness.lab.playbooks import Playbooks

_API = "kube-apiserver"


class MeshOfTwo:
    """Two empty clusters, and playbooks over both.

    :ivar members: as playbooks and the steps see them. :ivar lab: each as a cluster of the lab.
    """

    def __init__(
        self, work: Path, collections: Path, hosts: Mapping[str, Mapping[str, Any]], primaries: tuple[str, ...] = (PRIMARY,)
    ) -> None:
        for plan in chosen(",".join(NAMES)):
            cleanup.clear(plan)
        self.members: Members = members.of_lab(work, collections, hosts, primaries)
        self.lab = {name: LabCluster(name, work / name) for name in NAMES}
        everywhere = LabCluster(PRIMARY, work / "both")
        everywhere.target = self.members.target
        self.play = Playbooks(everywhere, collections)

    @contextlib.contextmanager
    def silent(self, name: str) -> Iterator[None]:
        """Without the API server of a cluster; its pods go on."""
        plan = chosen(name)[0]
        processes = Processes(plan.records)
        record = processes.record(_API)
        assert record is not None
        spec = Program(_API, procfs.command(record.pid), plan.records / f"{_API}-again.log", plan.namespace)
        processes.stop([_API], seconds=10)
        try:
            yield
        finally:
            processes.start(spec)
            waiting.until(lambda: self._answers(name), 60, lambda: f"The API server of {name} does not come back.")

    def _answers(self, name: str) -> bool:
        try:
            return bool(self.lab[name].client.get("/api/v1/namespaces/default"))
        except (OSError, ApiError):
            return False

    def asked_by(self, name: str, user: str) -> list[Body]:
        """The requests of a user that a cluster's API server has noted."""
        return [event for event in self.lab[name].audit() if event["user"]["username"] == user]
