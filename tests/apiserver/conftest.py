"""API servers that live as long as a worker of the test session: one that only keeps objects, and one on which rollouts work."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.apiserver import ApiServer, sweep
from tests.harness import gateways, releases
from tests.harness.injector import Injector
from tests.harness.mesh import Mesh
from tests.harness.modules import called
from tests.harness.planes import Planes
from tests.harness.primary import Primary
from tests.harness.released import Released, running
from tests.tree import ROOT

_LONGEST = (
    "test_several_remotes",
    "test_istio_base",
    "test_killed_base",
    "test_killed_revision",
    "test_namespace_revision_runs",
    "test_trust",
)


def pytest_configure() -> None:
    """Who is asked to end, as by tests/run.py, stops the servers before."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no process waits for the other one at the end."""
    items.sort(key=lambda item: _LONGEST.index(item.path.stem) if item.path.stem in _LONGEST else len(_LONGEST))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """The servers of a worker that died are ended, too; a smoke test that passed has called every module."""
    sweep()
    missing = sorted({path.stem for path in (ROOT / "plugins" / "modules").glob("[!_]*.py")} - called)
    smoke = session.config.getoption("markexpr") == "smoke" and not session.config.getoption("collectonly")
    if smoke and exitstatus == 0 and missing:
        pytest.exit(f"No test that is marked smoke calls {', '.join(missing)}", returncode=1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """etcd and an API server: objects are kept, and nothing happens to them."""
    with ApiServer(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="session")
def rolling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server with controllers and a simulated node, whose pods become ready at once: rollouts work."""
    with ApiServer(tmp_path_factory.mktemp("rolling"), "rolling", controllers=True) as started:
        yield started


@pytest.fixture(scope="session")
def injector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Injector]:
    """A webhook on the loopback that injects proxies."""
    with Injector(tmp_path_factory.mktemp("injector"), {}) as started:
        yield started


@pytest.fixture(scope="session")
def mesh(rolling: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """Three control planes without a program (default, 1-31-0 and 1-32-0), the tag prod on 1-31-0, and pods that are injected."""
    with Injector(tmp_path_factory.mktemp("mesh"), {}) as injector:
        found = Mesh(rolling, injector)
        for revision, version in (("default", "1.30.0"), ("1-31-0", "1.31.0"), ("1-32-0", "1.32.0")):
            found.revision(revision, version)
        found.tag("prod", "1-31-0")
        yield found
        found.remove_planes()


@pytest.fixture(scope="module")
def served(mesh: Mesh) -> Iterator[Mesh]:
    """The same with the kinds that a release touches, and no release open."""
    yield from releases.served(mesh)


@pytest.fixture
def released(served: Mesh, tmp_path: Path) -> Iterator[Released]:
    """A shop with good requests, and a Prometheus that knows of them."""
    with running(served, tmp_path) as found:
        yield found


@pytest.fixture(scope="session")
def planes_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server with controllers on which nothing but the tests of control planes happens."""
    with ApiServer(tmp_path_factory.mktemp("planes"), "planes", controllers=True) as started:
        yield started


@pytest.fixture
def planes(planes_server: ApiServer, injector: Injector) -> Iterator[Planes]:
    """A cluster with CRDs and without any control plane."""
    cluster = Planes(planes_server, injector)
    yield cluster
    cluster.wipe()


@pytest.fixture
def primary(server: ApiServer) -> Iterator[Primary]:
    """A primary whose istiod serves others behind one address."""
    found = Primary(server)
    found.istiod()
    found.gateway({"ip": "10.98.1.20"})
    yield found
    found.clear()


@pytest.fixture
def shop(mesh: Mesh) -> str:
    """A namespace that follows the tag prod, with one workload of each kind."""
    namespace = mesh.namespace(mesh.unused("shop"), {"istio.io/rev": "prod", "team": "shop"})
    mesh.workload(namespace, "web")
    mesh.workload(namespace, "db", "StatefulSet", serviceName="db")
    mesh.workload(namespace, "agent", "DaemonSet")
    mesh.settled(namespace, "web")
    mesh.settled(namespace, "db", kind="StatefulSet")
    mesh.settled(namespace, "agent", kind="DaemonSet")
    return namespace


@pytest.fixture
def edge(mesh: Mesh) -> str:
    """A namespace without labels."""
    return mesh.namespace(mesh.unused("edge"))


@pytest.fixture
def theirs(mesh: Mesh, edge: str) -> str:
    """The namespace of a gateway C(web) that somebody else made, on the old revision, with an address."""
    gateways.put(mesh, edge)
    return edge
