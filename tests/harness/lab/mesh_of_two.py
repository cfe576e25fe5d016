"""Both clusters of the lab as one mesh, for the scenarios that join them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab import cleanup
from lab.addresses import chosen
from tests.harness.lab import members, written
from tests.harness.lab.cluster import Body, LabCluster
from tests.harness.lab.members import NAMES, NAMESPACE, PRIMARY, Members
from tests.harness.lab.playbooks import Playbooks
from tests.harness.modules import Call


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

    def connection(self, name: str) -> dict[str, Any]:
        """The options by which modules reach a cluster."""
        target = self.members.targets[name]
        return {"kubeconfig": str(target.kubeconfig), "context": target.context}

    def module(self, module: str, **options: Any) -> None:
        """Runs a module on each cluster."""
        for name in NAMES:
            answer = Call(module, {**self.connection(name), **options}).run()
            assert not answer.get("failed"), answer

    def dumps(self, when: str) -> dict[str, written.Dump]:
        """What the namespace of the echo service holds on each cluster."""
        targets, evidence = self.members.targets, self.members.evidence
        return {name: written.dump(targets[name], evidence / f"{when}-{name}.json", NAMESPACE) for name in NAMES}

    def asked_by(self, name: str, user: str) -> list[Body]:
        """The requests of a user that a cluster's API server has noted."""
        return [event for event in self.lab[name].audit() if event["user"]["username"] == user]
