"""The shop's customers: fortio's load around something that is done to the mesh, and what fortio says came of it."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from pathlib import Path

from lab import waiting
from lab.paths import program
from tests.harness.lab.cluster import LabCluster
from tests.harness.lab.load import Around, GatewayLoad, Load, MeshLoad
from tests.harness.lab.settings import GATEWAY, GATEWAY_NAMESPACE

ANSWERED = {"200", "202"}
"""By the old plane's proxies and by the new plane's, see the template of the shop."""


_HOST = "shop.example"
_IN_A_ROW = 20


class Traffic(Around):
    """Load through the gateway and between the services, from before a block until after it.

    :param gateway: namespace and name of the gateway's Service; None leaves that load out.
    """

    def __init__(self, cluster: LabCluster, name: str, gateway: tuple[str, str] | None = (GATEWAY_NAMESPACE, GATEWAY)) -> None:
        self._directory = cluster.work / f"load-{name}"
        loads: list[Load] = [
            MeshLoad(cluster.reader, ("shop-web", "web"), "http://orders.shop-orders:8080/", self._directory),
            MeshLoad(cluster.reader, ("shop-orders", "orders"), "http://web.shop-web:8080/", self._directory),
        ]
        if gateway:
            address = waiting.until(lambda: cluster.reader.gateway_address(*gateway)[1], 30, lambda: "The gateway gets no address.")
            # A gateway that is young has yet to hear of all endpoints.
            waiting.until(
                lambda: all(_answers(address) for _number in range(_IN_A_ROW)), 30, lambda: "The gateway does not answer each time."
            )
            loads.append(GatewayLoad(str(program("fortio")), f"http://{address}/", _HOST, self._directory))
        super().__init__(loads)

    def codes(self) -> Counter[str]:
        """How often each status was answered, by fortio's own count."""
        found: Counter[str] = Counter()
        for run in self._directory.glob("*.json"):
            found.update(json.loads(run.read_text())["fortio"]["RetCodes"])
        return found

    def losses(self) -> list[str]:
        """The runs of fortio that lost requests: who asked, from which pod and plane, when, and what was answered."""
        found = []
        for path in sorted(self._directory.glob("*.json")):
            run = json.loads(path.read_text())
            if set(run["fortio"]["RetCodes"]) - ANSWERED:
                source = f"{run['client']} {run.get('client_pod', '')} of {run.get('client_plane', '')}"
                found.append(f"{source} from {run['begin']:.1f} to {run['end']:.1f}: {run['fortio']['RetCodes']}")
        return found

    def lost(self) -> dict[str, int]:
        """The answers that were none of the shop's, by status."""
        return {code: count for code, count in self.codes().items() if code not in ANSWERED}

    def proves_no_loss(self, at_least: int = 500) -> None:
        """Fails when a request failed, or when there were too few of them to tell."""
        codes = self.codes()
        assert self.lost() == {}, f"lost requests: {dict(codes)} by {self.losses()}"
        assert self.problems == []
        assert codes.total() >= at_least, codes


def _answers(address: str) -> bool:
    """Whether the shop answers through the gateway, on a connection of its own."""
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": _HOST})
        return str(connection.getresponse().status) in ANSWERED
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def runs(directory: Path) -> int:
    """How many runs of fortio a folder holds."""
    return len(list(directory.glob("*.json")))
