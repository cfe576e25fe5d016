"""The service that both clusters have, and who answered whom."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jinja2
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError
from websocket import WebSocketException

from tests.harness.lab.load import SECONDS_PER_RUN, Around, Load, load_arguments
from tests.harness.lab.members import INGRESS_NAMESPACE, NAMES, NAMESPACE, PRIMARY, STATUS, Members
from tests.harness.lab.reader import Reader, is_ready

URL = "http://echo.echo:8080/"
TEMPLATE = Path(__file__).parent / "templates" / "echo.yml.j2"
_ASKED_AT_ONCE = 4
_PATIENCE = 120.0
_CLUSTER_OF = {status: name for name, status in STATUS.items()}


def manifest(members: Members, name: str, *, gateway: bool) -> str:
    """The objects of the echo service for one cluster; routes belong to the primary alone."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    given: dict[str, Any] = {"sample_image": members.target.image, "sample_status": STATUS[name]}
    if gateway and name == PRIMARY:
        given["sample_gateway_namespace"] = INGRESS_NAMESPACE
    source = TEMPLATE.read_text()
    return environment.from_string(source).render(**given)


def client_pod(cluster: Reader) -> str:
    """The newest ready client of a cluster."""
    ready = [pod for pod in cluster.pods(NAMESPACE, "client") if is_ready(pod)]
    if not ready:
        raise OSError("no client is ready")
    return str(ready[0]["metadata"]["name"])


def ask(cluster: Reader, count: int, evidence: Path, url: str = URL) -> dict[str, int]:
    """Asks the service from a cluster's client; how many answers each cluster gave, by fortio's count of their statuses.

    Every request has a connection of its own, so that none stays with the cluster that answered first.
    """
    command = ["fortio", "load", "-quiet", "-allow-initial-errors", "-keepalive=false", "-timeout", "10s"]
    command += ["-qps", "0", "-n", str(count), "-c", str(_ASKED_AT_ONCE), "-json", "-", url]
    output = cluster.execute(NAMESPACE, client_pod(cluster), command, 120)
    evidence.write_text(output)
    return shares(json.loads(output)["RetCodes"])


def shares(codes: dict[str, int]) -> dict[str, int]:
    """Answers by the cluster that gave them; those of no cluster are failures."""
    found: Counter[str] = Counter(dict.fromkeys(NAMES, 0))
    for code, count in codes.items():
        found[_CLUSTER_OF.get(code, "failed")] += count
    return dict(found)


class EchoLoad(Load):
    """From the client of one cluster to the service of all."""

    def __init__(self, name: str, cluster: Reader, directory: Path) -> None:
        super().__init__(name, directory)
        self._cluster = cluster

    def _run(self) -> tuple[dict[str, Any], str]:
        try:
            output = self._cluster.execute(NAMESPACE, client_pod(self._cluster), ["fortio", *load_arguments(URL)], SECONDS_PER_RUN + 30)
        except (HTTPError, ApiException, WebSocketException) as problem:  # an API server may be away for a while; the service is not
            raise OSError(str(problem)) from problem
        return {"client_cluster": self.name}, output


class Customers(Around):
    """Load in all clusters around something that is done to the mesh."""

    def __init__(self, members: Members, directory: Path) -> None:
        super().__init__([EchoLoad(name, members.readers[name], directory) for name in NAMES], _PATIENCE)


def pairs(directory: Path) -> dict[str, int]:
    """Requests of all runs by the clusters of client and server, by fortio's own files; failures by the client's."""
    found: Counter[str] = Counter({f"{a}-{b}": 0 for a in NAMES for b in NAMES})
    for path in sorted(directory.glob("*.json")):
        run = json.loads(path.read_text())
        for server, count in shares({str(code): n for code, n in run["fortio"]["RetCodes"].items()}).items():
            found[f"{run['client_cluster']}-{server}"] += count
    return dict(found)
