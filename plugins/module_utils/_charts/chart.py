# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Where a chart comes from, by the words of kubernetes.core.helm: C(chart_ref) and C(chart_repo_url)."""

from __future__ import annotations

from dataclasses import dataclass

OFFICIAL = "https://istio-release.storage.googleapis.com/charts"


@dataclass(frozen=True)
class Chart:
    """A chart as Helm finds it: by a reference, and by a repository and a version where the reference needs them."""

    ref: str
    repo_url: str | None = None
    version: str | None = None

    def __str__(self) -> str:
        where = f"{self.ref} from {self.repo_url}" if self.repo_url else self.ref
        return f"{where} ({self.version})" if self.version else where

    @property
    def arguments(self) -> list[str]:
        """The arguments by which Helm finds it."""
        version = ["--version", self.version] if self.version else []
        return [self.ref, *(["--repo", self.repo_url] if self.repo_url else []), *version]


def source(name: str, version: str, chart_ref: str | None = None, chart_repo_url: str | None = None) -> Chart:
    """The chart to take.

    :param name: C(base), C(istiod) or C(gateway).
    :param version: the version of Istio, which is that of its charts.
    :param chart_ref: a chart as the user names it, which then counts alone: a directory, a packaged chart,
        C(oci://...), or a name in C(chart_repo_url) or in a repository that Helm knows.
    :param chart_repo_url: C(https://...), C(oci://...) or a directory of packaged charts, also as C(file://...).
    """
    url = (chart_repo_url or OFFICIAL).rstrip("/")
    remote = url.startswith(("http://", "https://"))
    if chart_ref:
        plain = "://" not in chart_ref and "/" not in chart_ref
        return Chart(_path(chart_ref), url if chart_repo_url and remote and plain else None, _version_of(chart_ref, version))
    if remote:
        return Chart(name, url, version)
    if url.startswith("oci://"):
        return Chart(f"{url}/{name}", None, version)
    return Chart(f"{_path(url)}/{name}-{version}.tgz")


def _version_of(chart_ref: str, version: str) -> str | None:
    # Helm takes a version only for what it looks up somewhere; a file or directory has the one it has.
    local = chart_ref.startswith(("/", ".", "~", "file://")) or chart_ref.endswith(".tgz")
    return None if local else version


def _path(reference: str) -> str:
    return reference.removeprefix("file://")
