"""A service to be released in a mesh: its objects, its customers through the gateway and inside the mesh, and its live weights."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jinja2

from lab import cluster as lab_cluster
from lab import waiting
from lab.addresses import chosen
from lab.client import ApiError
from lab.paths import IMAGE_HUB, program
from tests.harness.lab import access_log
from tests.harness.lab.load import Around, GatewayLoad, Load, MeshLoad, Rate
from tests.harness.lab.reader import Reader
from tests.harness.lab.settings import GATEWAY, GATEWAY_NAMESPACE, OLD
from tests.harness.lab.target import Target, kubectl

NAMESPACE, NAME, HOST = "storefront", "web", "storefront.example"
IMAGES = {"1": f"{IMAGE_HUB}/app:1", "2": f"{IMAGE_HUB}/app:2"}
STATUS = {"1": "200", "2": "202"}
"""What each version answers."""

RATE = Rate(120, 8)
SECONDS_UNTIL_ROUTED = 1.0
"""How long proxies take to get a new share, and then some."""

_TEMPLATE = Path(__file__).parent / "templates" / "released.yml.j2"
_ROUTES = f"/apis/networking.istio.io/v1/namespaces/{NAMESPACE}/virtualservices"
_CANARY = f"{NAME}-canary"


def put(where: Target, version: str = "1") -> None:
    """The service, its client and its way in, ready to be asked."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    given = {"namespace": NAMESPACE, "revision": OLD, "image": IMAGES[version], "host": HOST, "provider": access_log.PROVIDER}
    given |= {"gateway": GATEWAY.removeprefix("istio-"), "gateway_namespace": GATEWAY_NAMESPACE}
    text = environment.from_string(_TEMPLATE.read_text()).render(**given)
    kubectl(where, "apply", "--server-side", "--force-conflicts", "-f", "-", given=text)
    for name in (NAME, "client"):
        kubectl(where, "rollout", "status", "-n", NAMESPACE, f"deployment/{name}", "--timeout=120s")


def remove(where: Target) -> None:
    """Takes away what C(put) has put."""
    kubectl(where, "delete", "namespace", NAMESPACE, "--wait=false")
    kubectl(where, "delete", "telemetry", "requests", "-n", GATEWAY_NAMESPACE)


class Customers(Around):
    """Load on the service from before a block until after it, and a look at its weights all the time.

    :param inside: whether clients inside the mesh ask, too: how they are started needs the API server.
    :ivar directory: where fortio's reports are, and the weights.
    """

    def __init__(self, name: str, cluster: Reader, directory: Path, *, inside: bool = True) -> None:
        self.directory = directory
        address = waiting.until(lambda: cluster.gateway_address(GATEWAY_NAMESPACE, GATEWAY)[1], 30, lambda: "The gateway gets no address.")
        loads: list[Load] = [GatewayLoad(str(program("fortio")), f"http://{address}/", HOST, directory, RATE)]
        if inside:
            loads.append(MeshLoad(cluster, (NAMESPACE, "client"), f"http://{NAME}.{NAMESPACE}:8080/", directory, RATE))
        super().__init__(loads)
        self._weights = Weights(name, directory / "weights.jsonl")

    def __enter__(self) -> Self:
        self._weights.start()
        return super().__enter__()

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        try:
            super().__exit__(kind, value, trace)
        finally:
            self._weights.stop()


class Weights:
    """Notes the canary's share in each route of the service whenever one of them changes, by asking the API server."""

    def __init__(self, name: str, path: Path) -> None:
        self._client, self._path = lab_cluster.client(chosen(name)[0]), path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def start(self) -> None:
        """Begins with an empty file."""
        self._path.write_text("")
        self._thread.start()

    def stop(self) -> None:
        """Ends."""
        self._stop.set()
        self._thread.join(30)

    def _loop(self) -> None:
        seen: dict[str, float] | None = None
        while not self._stop.wait(0.25):
            now = time.time()
            try:
                found = {item["metadata"]["name"]: canary_percent(item) for item in self._client.get(_ROUTES)["items"]}
            except (OSError, ApiError):
                continue  # an API server may be away; weights are looked at again when it is back
            if found != seen:
                seen = found
                with self._path.open("a") as file:
                    file.write(json.dumps({"time": now, "weights": found}) + "\n")


def canary_percent(route: dict[str, Any]) -> float:
    """The share of the canary in the first rule of a VirtualService."""
    several = route["spec"]["http"][0]["route"]
    weights = {one["destination"]["host"].partition(".")[0]: one.get("weight", 100 if len(several) == 1 else 0) for one in several}
    return float(round(100 * weights.get(_CANARY, 0) / sum(weights.values()), 2))
