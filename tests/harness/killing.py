"""Runs that are killed at every single write, and what they leave compared with what an undisturbed run leaves."""

from __future__ import annotations

import json
from typing import Any

from lab.apiserver import ApiServer
from lab.paths import CHARTS, program
from tests.harness.leases import expire
from tests.harness.modules import Call
from tests.harness.proxy import WriteProxy

CHART = {"chart_repo_url": str(CHARTS), "binary_path": str(program("helm")), "wait": False}
SAME_RUN = {"MESHYARD_RUN_ID": "the run that is killed"}
BASE = ("istio_base", {"version": "1.31.0", "default_revision": "1-31-0"})
PREPARE = ("istio_revision", {"version": "1.31.0"})
RETIRE = ("istio_revision", {"revision": "1-31-0", "state": "absent", "force": True})
_MANY = 60
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
    for kills in range(_MANY):
        with WriteProxy(server.host) as proxy:
            through = {"host": proxy.url, "api_key": server.token}
            process = Call(name, {**options, **CHART, **through}, environment=SAME_RUN).start()
            proxy.at(1, process.kill, after=True)
            output, errors = process.communicate(timeout=60)
            if process.returncode >= 0:
                assert not json.loads(output).get("failed"), output + errors
                return kills
        expire(server.client)
    raise AssertionError(f"{name} did not end after {_MANY} kills.")


def run(server: ApiServer, name: str, options: dict[str, Any]) -> dict[str, Any]:
    answer = Call(name, {**options, **CHART, "kubeconfig": str(server.kubeconfig)}, environment=SAME_RUN).run()
    assert not answer.get("failed"), answer
    return answer


def same_as_undisturbed(server: ApiServer, stage: tuple[str, dict[str, Any]], left: dict[str, Any]) -> None:
    """Refuses a run that is killed at every write and ends otherwise than a run that nobody kills, or that then is not done.

    :param left: what the run that nobody killed has left.
    """
    kills = killed_at_every_write(server, *stage)
    assert kills > 1
    assert contents(server) == left
    assert not run(server, *stage)["changed"]
