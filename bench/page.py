"""The figures as a table for people, which is a part of docs/speed.md as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

Figures = dict[str, Any]
_BEGIN, _END = "<!-- table -->", "<!-- end -->"
_HEAD = "| what | the collection | beside it | ratio |\n|---|---|---|---|"


def table(figures: Figures) -> str:
    """A table in Markdown of what was measured."""
    return "\n".join([_HEAD, *_rows(figures)])


def write(path: Path, figures: Figures) -> None:
    """Puts the table into a page, between its two marks."""
    before, _mark, rest = path.read_text(encoding="utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    path.write_text(f"{before}{_BEGIN}\n{table(figures)}\n{_END}{after}", encoding="utf-8")


def _rows(figures: Figures) -> Iterator[str]:
    if one := figures.get("install"):
        yield _row(
            "base and one revision, installed",
            one["seconds"],
            f"istioctl {one['istioctl_seconds']} s",
            one["seconds"] / one["istioctl_seconds"],
        )
        yield _row("the same", one["seconds"], f"Helm {one['helm_seconds']} s", one["seconds"] / one["helm_seconds"])
    if one := figures.get("noop"):
        beside = f"istioctl {one['istioctl_seconds']} s, {one['istioctl_requests']} requests"
        what = f"once more, nothing to be done: {one['requests']} requests"
        yield _row(what, one["seconds"], beside, one["time_ratio_istioctl"])
        yield _row(
            what, one["seconds"], f"Helm {one['helm_seconds']} s, {one['helm_requests']} requests", one["seconds"] / one["helm_seconds"]
        )
    for one in figures.get("info", ()):
        what = f"`istio_revision_info`, {one['pods']:,} pods: {one['requests']} requests, {one['peak_mib']:.0f} MiB"
        yield _row(what, one["seconds"], f"`kubectl get pods -A -o json` {one['kubectl_seconds']} s", one["time_ratio_kubectl"])
    for one in figures.get("plan", ()):
        what = (
            f"`upgrade_plan`, {one['namespaces']:,} namespaces, {one['pods']:,} pods: {one['requests']} requests, {one['peak_mib']:.0f} MiB"
        )
        yield _row(what, one["seconds"], "", None)
    if one := figures.get("clusters"):
        yield _several(one)
    if one := figures.get("migrate"):
        what = f"`namespace_revision`, {one['namespaces']} namespaces, `max_parallel: {one['max_parallel']}`"
        yield _row(what, one["seconds"], f"ideal {one['ideal_seconds']} s", one["seconds"] / one["ideal_seconds"])
        yield _row(what, one["seconds"], f"loop over kubectl {one['kubectl_loop_seconds']} s", one["seconds"] / one["kubectl_loop_seconds"])


def _several(one: Figures) -> str:
    what = f"`upgrade` of {one['clusters']} clusters in one play, {one['forks']} forks, {one['peak_mib']} MiB on the controller"
    return _row(what, one["seconds"], f"one cluster {one['one_seconds']} s, {one['one_peak_mib']} MiB", one["ratio"])


def _row(what: str, seconds: float, beside: str, ratio: float | None) -> str:
    return f"| {what} | {seconds} s | {beside} | {'' if ratio is None else f'{ratio:.2f}'} |"
