"""Control planes installed and retired by runs that are killed at every single write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.apiserver import ApiServer
from lab.paths import CHARTS, program
from lab.waiting import until
from tests import tree
from tests.harness.modules import Call
from tests.harness.proxy import WriteProxy

CHART = {"chart_repo_url": str(CHARTS), "binary_path": str(program("helm")), "wait": False}
SAME_RUN = {"MESHYARD_RUN_ID": "the run that is killed"}
MANY = 60
_KINDS = {
    "/api/v1/namespaces/istio-system/": ("serviceaccounts", "configmaps", "services"),
    "/apis/apps/v1/namespaces/istio-system/": ("deployments",),
    "/apis/rbac.authorization.k8s.io/v1/": ("clusterroles", "clusterrolebindings"),
    "/apis/rbac.authorization.k8s.io/v1/namespaces/istio-system/": ("roles", "rolebindings"),
    "/apis/admissionregistration.k8s.io/v1/": ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"),
    "/apis/apiextensions.k8s.io/v1/": ("customresourcedefinitions",),
}


def contents(server: ApiServer) -> dict[str, Any]:
    """Every object of Istio as clients wrote it, with who owns which field."""
    found = {}
    for path, plurals in _KINDS.items():
        for plural in plurals:
            for item in server.client.get(path + plural)["items"]:
                if "istio" in json.dumps(item["metadata"]):
                    found[f"{plural}/{item['metadata']['name']}"] = _written(item)
    return found


def _written(item: dict[str, Any]) -> dict[str, Any]:
    meta = item["metadata"]
    entries = [entry for entry in meta["managedFields"] if not entry.get("subresource")]
    owned = [{key: entry.get(key) for key in ("manager", "operation", "fieldsV1")} for entry in entries]
    for address in ("clusterIP", "clusterIPs"):  # the API server gives each Service another one
        item.get("spec", {}).pop(address, None)
    kept = {"labels": meta.get("labels"), "annotations": meta.get("annotations"), "owned": sorted(owned, key=json.dumps)}
    return {**{key: value for key, value in item.items() if key not in ("metadata", "status")}, **kept}


def killed_at_every_write(server: ApiServer, name: str, options: dict[str, Any]) -> int:
    """Runs a module again and again, each time killed right after its next write was done; the number of kills until it ended."""
    for kills in range(MANY):
        with WriteProxy(server.host) as proxy:
            through = {"host": proxy.url, "api_key": server.token}
            process = Call(name, {**options, **CHART, **through}, environment=SAME_RUN).start()
            proxy.at(1, process.kill, after=True)
            output, errors = process.communicate(timeout=60)
            if process.returncode >= 0:
                assert not json.loads(output).get("failed"), output + errors
                return kills
    raise AssertionError(f"{name} did not end after {MANY} kills.")


def run(server: ApiServer, name: str, options: dict[str, Any]) -> dict[str, Any]:
    answer = Call(name, {**options, **CHART, "kubeconfig": str(server.kubeconfig)}, environment=SAME_RUN).run()
    assert not answer.get("failed"), answer
    return answer


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What runs that nobody kills leave in a cluster: after the base, after the revision, after its removal."""
    left = {}
    with ApiServer(tmp_path_factory.mktemp("undisturbed"), "undisturbed") as server:
        for stage, (name, options) in STAGES.items():
            run(server, name, options)
            left[stage] = contents(server)
    return left


BASE = ("istio_base", {"version": "1.31.0", "default_revision": "1-31-0"})
PREPARE = ("istio_revision", {"version": "1.31.0"})
RETIRE = ("istio_revision", {"revision": "1-31-0", "state": "absent", "force": True})
STAGES = {"base": BASE, "prepare": PREPARE, "retire": RETIRE}


@pytest.mark.timeout(900)
def test_killed_at_every_write_and_run_again_it_ends_like_a_run_that_nobody_killed(
    undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    with ApiServer(tmp_path / "server", "killed") as server:
        for stage, (name, options) in STAGES.items():
            kills = killed_at_every_write(server, name, options)
            assert kills > 1, stage
            assert contents(server) == undisturbed[stage], stage
            assert not run(server, name, options)["changed"], stage


@pytest.fixture
def playbook(server: ApiServer, tmp_path: Path) -> Callable[[str], subprocess.Popen[str]]:
    """Starts a playbook with one task in a process group of its own."""

    def start(host: str) -> subprocess.Popen[str]:
        options = {**PREPARE[1], **CHART, "host": host, "api_key": server.token, "revision": "orphan"}
        task = {"name": "Install", "meshyard.istio.istio_revision": options}
        play = {"name": "Install", "hosts": "localhost", "gather_facts": False, "connection": "local", "tasks": [task]}
        play["vars"] = {"ansible_python_interpreter": sys.executable}
        path = tmp_path / "play.yml"
        path.write_text(yaml.safe_dump([play]))
        command = [str(Path(sys.executable).parent / "ansible-playbook"), str(path), "-vvv"]
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tree.linked()), "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local")}
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )

    return start


def alive_files(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "local").rglob("alive"))


@pytest.mark.parametrize("number", [1, 3, 7])
def test_a_module_whose_playbook_alone_was_killed_writes_no_more(
    server: ApiServer, playbook: Callable[[str], subprocess.Popen[str]], tmp_path: Path, number: int
) -> None:
    with WriteProxy(server.host) as proxy:
        process = playbook(proxy.url)

        def kill_the_playbook() -> None:
            assert alive_files(tmp_path)
            process.kill()
            process.wait()
            until(lambda: not alive_files(tmp_path), 20, lambda: "The module is not told that its playbook is gone.")

        proxy.watch(number, kill_the_playbook)
        output, _errors = process.communicate(timeout=60)  # ends when the orphaned module has ended and closed its output
        assert process.returncode < 0, output
        assert len(proxy.writes) == number
    run(server, "istio_revision", {"revision": "orphan", "state": "absent", "force": True})


def test_no_secret_of_the_connection_shows_at_the_highest_verbosity(
    server: ApiServer, playbook: Callable[[str], subprocess.Popen[str]]
) -> None:
    process = playbook(server.host)
    output, _errors = process.communicate(timeout=60)
    assert server.token not in output
    assert "Install" in output
