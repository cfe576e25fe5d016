"""Istio's charts, packaged as the lab's two versions, each from the source of its own build.

Their CRDs, values, labels and compatibility profiles differ as those of two versions do. Changed here are the names of
the images, which no registry serves, and two things that an upgrade meets sooner or later and that these two sources
do not happen to show:

- a version that no longer has an object of the one before: istiod 1.31.0 has a ConfigMap `istio-lab-removed` (with the
  revision as its suffix),
- a default that has another value than before: `PILOT_TRACE_SAMPLING` of istiod is 1 in 1.31.0 and 0.5 in 1.32.0.
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
    """Package every chart in both versions into `paths.CHARTS`, and copy what istioctl reads to `paths.MANIFESTS`."""
    for version in paths.ISTIO_VERSIONS:
        source = programs.istio_source(version) / "manifests"
        for name, folder in SOURCES.items():
            _package(source / "charts" / folder, name, version)
        _copy_manifests(source, version)


def outputs() -> tuple[Path, ...]:
    """The packaged charts and istioctl's manifests."""
    charts = (paths.chart(name, version) for version in paths.ISTIO_VERSIONS for name in SOURCES)
    return (*charts, *(paths.manifests(version) for version in paths.ISTIO_VERSIONS))


def _package(source: Path, name: str, version: str) -> None:
    with stages.workspace("chart") as folder:
        copy = _copied(source, folder / name)
        patch(copy, edits(name, version))
        stages.run(
            [paths.program("helm"), "package", copy, "--version", version, "--app-version", version, "-d", folder],
            purpose=f"package the chart {name} {version}",
            env=_helm_environment(folder),
        )
        paths.CHARTS.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}-{version}.tgz").replace(paths.chart(name, version))


def _copy_manifests(source: Path, version: str) -> None:
    with stages.workspace("manifests") as folder:
        for part in ("charts", "profiles"):
            _copied(source / part, folder / version / part)
        stages.replace_folder(folder / version, paths.manifests(version))


def _copied(source: Path, copy: Path) -> Path:
    # The module cache is read-only, and so are the folders copied from it.
    shutil.copytree(source, copy, copy_function=shutil.copyfile)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return copy


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
    if name not in ("istiod", "cni"):
        return {}
    images = _images(version)
    if name == "istiod" and version == OLD:
        return {"templates/lab-removed.yaml": lambda _text: _REMOVED, "values.yaml": images}
    if name == "istiod":
        return {"values.yaml": lambda text: _newer_default(images(text))}
    return {"values.yaml": images}


def _images(version: str) -> Edit:
    def edit(text: str) -> str:
        hub = replace_once(text, r"hub: registry\.istio\.io/\S+", f"hub: {paths.IMAGE_HUB}")
        return replace_once(hub, r"tag: latest", f"tag: {version}")

    return edit


def _newer_default(text: str) -> str:
    return replace_once(text, r"traceSampling: 1\.0", "traceSampling: 0.5")


def replace_once(text: str, pattern: str, replacement: str) -> str:
    """Replace the one place where a pattern is found. Raises `LabError` if the source has come to look different."""
    changed, count = re.subn(rf"(?m)(?<=\s){pattern}$", replacement, text)
    if count != 1:
        raise LabError(
            f"Istio's charts have {count} places like '{pattern}' where one was expected; "
            "adapt lab/charts.py to the versions in lab/modules."
        )
    return changed


_REMOVED = """\
{{- if or (eq .Values.global.resourceScope "all") (eq .Values.global.resourceScope "namespace") }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: istio-lab-removed{{- if not (eq .Values.revision "") }}-{{ .Values.revision }}{{- end }}
  namespace: {{ .Release.Namespace | quote }}
  labels:
    istio.io/rev: {{ .Values.revision | default "default" | quote }}
    release: {{ .Release.Name }}
    app.kubernetes.io/name: "istiod"
    {{- include "istio.labels" . | nindent 4 }}
data:
  about: Only the older of the lab's two versions has this object; an upgrade must take it away.
{{- end }}
"""
