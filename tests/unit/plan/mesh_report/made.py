"""Answers of clusters for reports, as the modules return them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._plan.mesh_report.document import Moment, document
from ansible_collections.meshyard.istio.plugins.module_utils._plan.mesh_report.part import Part
from ansible_collections.meshyard.istio.plugins.plugin_utils import report_page

ROLE = Path(__file__).parents[4] / "roles" / "mesh_report"
TEMPLATE = (ROLE / "templates" / "page.html.j2").read_text()
AT, BEFORE = "2026-01-31T12:00:00Z", "2026-03-02T12:00:00Z"
OLD, NEW = "1-31-0", "1-32-0"
SETTINGS = {"trust_domain": "cluster.local", "trust_domain_aliases": [], "mesh_id": "", "auto_mtls": True, "min_tls": "TLSV1_2"}
ENTRY = {"namespace": "edge", "name": "web", "type": "LoadBalancer", "addresses": ["10.98.1.20"], "ports": ["443/TCP"], "network": ""}


def plane(revision: str = NEW, **changes: Any) -> dict[str, Any]:
    words = {"revision": revision, "version": "1.32.0", "namespace": "istio-system", "location": "cluster", "made_by": "meshyard"}
    state = {"tags": ["prod"], "ready": True, "status": "available", "replicas": {"wanted": 1, "ready": 1}, "pods": 2, "proxies": 2}
    ca = {"ca_expiry": "2036-01-01T00:00:00Z", "ca_source": "Secret istio-system/cacerts"}
    return {"cluster": "eu", **words, **state, **ca, **changes}


def mismatch(pod: str, **changes: str) -> dict[str, str]:
    words = {"cluster": "eu", "namespace": "shop", "pod": pod, "workload": "Deployment cart", "status": "failed", "reason": "old"}
    return {**words, "desired": NEW, "injected": OLD, "connected": OLD, **changes}


def workload(name: str = "cart", desired: str | None = NEW, **pods: int) -> dict[str, Any]:
    found = {revision.replace("_", "-").removeprefix("r"): count for revision, count in pods.items()}
    return {"cluster": "eu", "namespace": "shop", "kind": "Deployment", "name": name, "images": [], "desired": desired, "pods": found}


def gateway(**changes: Any) -> dict[str, Any]:
    words = {"cluster": "eu", "kind": "Deployment", "namespace": "edge", "name": "web", "services": ["web"], "desired": NEW}
    return {**words, "running": [NEW], **changes}


def remote_secret(**changes: Any) -> dict[str, Any]:
    words = {"name": "us", "secret": "istio-system/istio-remote-secret-us", "server": "https://us:6443", "uid": ""}
    return {**words, "token_expiry": None, "usable": True, **changes}


def endpoints(*updated: str, missing: list[str] | None = None) -> dict[str, Any]:
    """What C(remote_endpoints) answers in check mode of the slices of two revisions."""
    where = [{"namespace": "istio-system", "name": f"istiod-{revision}", "addresses": ["10.0.0.7"]} for revision in (OLD, NEW)]
    slices = [{**one, "reach": "pods"} for one in where]
    return {"slices": slices, "updates": [{**one, "seconds": 0.1} for one in where if one["name"] in updated], "missing": missing or []}


def root(fingerprint: str = "a" * 64) -> dict[str, str]:
    return {"fingerprint": fingerprint, "expires": "2036-01-01T00:00:00Z"}


def answer(*planes: dict[str, Any], mismatches: list[dict[str, str]] | None = None, **changes: Any) -> dict[str, Any]:
    side = {"total": 2, "desired": {NEW: 2}, "injected": {OLD: 1, NEW: 1}, "connected": {NEW: 1}}
    statistics = {"pods": side, "workloads": side, "mismatches": mismatches or []}
    details = {"workloads": [], "namespaces": [], "gateways": [], "blockers": {}, "statistics": statistics, "unreadable": []}
    return {"revisions": list(planes) or [plane()], "cluster": {"host": "https://eu", "context": "eu"}, **details, **changes}


def facts(context: str = "eu", **changes: Any) -> dict[str, Any]:
    settings = {"revision": NEW, "namespace": "istio-system", "read": True, **SETTINGS, "outbound_policy": "ALLOW_ANY", "locality": ""}
    lists = dict.fromkeys(("remote_secrets", "services", "listeners", "localities", "unreadable"), ())
    where = {
        "network": "",
        "cluster_names": [context],
        "cluster": {"host": f"https://{context}", "context": context, "uid": f"uid-{context}"},
    }
    return {"settings": [settings], "roots": [root()], **lists, **where, **changes}


def part(host: str = "eu", **changes: Any) -> Part:
    return Part(**{"host": host, "names": {"eu": host}, "answer": answer(), "facts": facts(), "releases": {"workloads": []}, **changes})


def report(*parts: Part) -> dict[str, Any]:
    return document(parts, Moment(AT, BEFORE, "1.0.0"))


def rendered(made: dict[str, Any]) -> str:
    return report_page.report(made, TEMPLATE)


def changed(made: dict[str, Any]) -> str:
    return report_page.change(made, TEMPLATE)
