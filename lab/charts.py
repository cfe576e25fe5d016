"""Istio's charts, packaged as the two versions of the lab.

One source of charts (and one build of the programs) stands behind both versions: 1.31.0 and 1.32.0 are labels. So that
an upgrade between them has something to do, the charts are made to differ here:

- istiod 1.31.0 has a ConfigMap `istio-lab-removed`, istiod 1.32.0 has `istio-lab-added` instead (each with the
  revision as its suffix),
- istiod's variable `PILOT_TRACE_SAMPLING` is 1 in 1.31.0 and 0.5 in 1.32.0,
- the default of `keepaliveMaxServerConnectionAge` goes from 30m to 20m,
- the Sidecar CRD of base 1.32.0 has a new optional field `spec.labNote`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from lab import paths, programs, stages
from lab.paths import LabError

SOURCES = {
    "base": "base",
    "istiod": "istio-control/istio-discovery",
    "gateway": "gateway",
    "cni": "istio-cni",
}
"""Folder in Istio's `manifests/charts` by the name of the chart."""

OLD, NEW = paths.ISTIO_VERSIONS

Edit = Callable[[str], str]
"""A change of one file's text; the text is empty for a file that does not exist."""


def package_all() -> None:
    """Package every chart in both versions into `paths.CHARTS`."""
    source = programs.istio_source() / "manifests" / "charts"
    for version in paths.ISTIO_VERSIONS:
        for name, folder in SOURCES.items():
            _package(source / folder, name, version)


def outputs() -> tuple[Path, ...]:
    """The packaged charts."""
    return tuple(paths.chart(name, version) for version in paths.ISTIO_VERSIONS for name in SOURCES)


def _package(source: Path, name: str, version: str) -> None:
    with stages.workspace("chart") as folder:
        copy = folder / name
        shutil.copytree(source, copy, copy_function=shutil.copyfile)
        _make_writable(copy)
        patch(copy, edits(name, version))
        stages.run(
            [paths.program("helm"), "package", copy, "--version", version, "--app-version", version, "-d", folder],
            purpose=f"package the chart {name} {version}",
            env=_helm_environment(folder),
        )
        paths.CHARTS.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}-{version}.tgz").replace(paths.chart(name, version))


def _make_writable(folder: Path) -> None:
    # The module cache is read-only, and so are the folders copied from it.
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _helm_environment(folder: Path) -> dict[str, str]:
    return {f"HELM_{kind}_HOME": str(folder / "helm") for kind in ("CACHE", "CONFIG", "DATA")}


def patch(chart: Path, changes: Mapping[str, Edit]) -> None:
    """Apply edits to the files of an unpacked chart."""
    for name, edit in changes.items():
        path = chart / name
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(edit(before), encoding="utf-8")


def edits(name: str, version: str) -> dict[str, Edit]:
    """What is changed in a chart, by file."""
    if name == "base" and version == NEW:
        return {"files/crd-all.gen.yaml": add_sidecar_field}
    if name == "istiod" and version == OLD:
        return {"templates/lab-removed.yaml": _config_map("removed"), "values.yaml": _images(version)}
    if name == "istiod":
        return {
            "templates/lab-added.yaml": _config_map("added"),
            "values.yaml": lambda text: _newer_defaults(_images(version)(text)),
        }
    return {"values.yaml": _images(version)} if name == "cni" else {}


def _images(version: str) -> Edit:
    def edit(text: str) -> str:
        hub = replace_once(text, r"hub: registry\.istio\.io/\S+", f"hub: {paths.IMAGE_HUB}")
        return replace_once(hub, r"tag: latest", f"tag: {version}")

    return edit


def _newer_defaults(text: str) -> str:
    sampling = replace_once(text, r"traceSampling: 1\.0", "traceSampling: 0.5")
    return replace_once(sampling, r"keepaliveMaxServerConnectionAge: 30m", "keepaliveMaxServerConnectionAge: 20m")


def replace_once(text: str, pattern: str, replacement: str) -> str:
    """Replace the one place where a pattern is found. Raises `LabError` if the source has come to look different."""
    changed, count = re.subn(rf"(?m)(?<=\s){pattern}$", replacement, text)
    if count != 1:
        raise LabError(
            f"Istio's charts have {count} places like '{pattern}' where one was expected; "
            "adapt lab/charts.py to the version in lab/modules/istio/go.mod."
        )
    return changed


def _config_map(fate: str) -> Edit:
    """The template of a ConfigMap that only one of the versions has."""
    template = _CONFIG_MAP.replace("FATE", fate)
    return lambda _text: template


_CONFIG_MAP = """\
{{- if or (eq .Values.global.resourceScope "all") (eq .Values.global.resourceScope "namespace") }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: istio-lab-FATE{{- if not (eq .Values.revision "") }}-{{ .Values.revision }}{{- end }}
  namespace: {{ .Release.Namespace | quote }}
  labels:
    istio.io/rev: {{ .Values.revision | default "default" | quote }}
    release: {{ .Release.Name }}
    app.kubernetes.io/name: "istiod"
    {{- include "istio.labels" . | nindent 4 }}
data:
  about: Only one of the lab's two versions has this object; an upgrade between them must bring or take it.
{{- end }}
"""

_SIDECAR = "\n  name: sidecars.networking.istio.io\n"
_FIELD = """\
              labNote:
                description: A field that only the newer of the lab's two versions has.
                type: string
"""


def add_sidecar_field(crds: str) -> str:
    """Add the optional field `spec.labNote` to every version of the Sidecar CRD in a stream of CRDs."""
    documents = crds.split("\n---\n")
    (number,) = (index for index, document in enumerate(documents) if _SIDECAR in document)
    before, count = re.subn(r"(?m)^(?= {14}outboundTrafficPolicy:$)", _FIELD, documents[number])
    if count == 0:
        raise LabError(
            "The Sidecar CRD has no field outboundTrafficPolicy; adapt lab/charts.py to the version in lab/modules/istio/go.mod."
        )
    documents[number] = before
    return "\n---\n".join(documents)
