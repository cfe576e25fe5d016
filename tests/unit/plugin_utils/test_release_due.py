"""Which releases are due by themselves, on one cluster and on several."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.plugin_utils.release_due import due


def found(name: str = "web", phase: str = "", idle: int | None = 9999, *, waiting: bool = False, refused: bool = False) -> dict[str, Any]:
    record = {"phase": phase, "weight": 5, "run": "AWX job 12"} if phase else None
    return {"namespace": "shop", "name": name, "release": record, "idle": idle, "waiting": waiting, "refused": refused}


def told(on_orphan: str = "resume", **hosts: dict[str, Any]) -> tuple[bool, bool]:
    """Whether it is released, and whether it is taken back."""
    answer = due({host: [one] for host, one in hosts.items()}, [], on_orphan, 1800)
    return bool(answer["release"]), bool(answer["abort"])


NEITHER, RELEASE, ABORT = (False, False), (True, False), (False, True)


@pytest.mark.parametrize(
    ("one", "on_orphan", "expected"),
    [
        (found(), "resume", NEITHER),
        (found(waiting=True), "resume", RELEASE),
        (found(waiting=True, refused=True), "resume", NEITHER),
        (found(phase="progressing", idle=10), "abort", NEITHER),
        (found(phase="progressing"), "resume", RELEASE),
        (found(phase="progressing"), "abort", ABORT),
        (found(phase="progressing", idle=None), "abort", ABORT),
        (found(phase="aborting"), "resume", ABORT),
        (found(phase="promoting"), "abort", RELEASE),
    ],
)
def test_what_waits_and_what_was_left_is_due(one: dict[str, Any], on_orphan: str, expected: tuple[bool, bool]) -> None:
    assert told(on_orphan, eu=one) == expected


@pytest.mark.parametrize(
    ("us", "on_orphan", "expected"),
    [
        (found(phase="progressing", idle=10), "resume", NEITHER),
        (found(phase="aborting"), "resume", ABORT),
        (found(phase="promoting"), "abort", RELEASE),
        (found(waiting=True, refused=True), "resume", RELEASE),
    ],
)
def test_a_workload_is_one_release_on_all_clusters(us: dict[str, Any], on_orphan: str, expected: tuple[bool, bool]) -> None:
    assert told(on_orphan, eu=found(phase="progressing"), us=us) == expected


def test_what_one_cluster_has_refused_does_not_begin_on_another_one() -> None:
    assert told(eu=found(waiting=True), us=found(waiting=True, refused=True)) == NEITHER


def test_all_clusters_get_one_list_with_the_settings_of_a_workload_and_not_with_its_image() -> None:
    settings = [{"namespace": "shop", "name": "web", "image": "app:2", "gate": {"p99_ms": 5}}]
    answer = due({"eu": [found("web", waiting=True)], "us": [found("db", waiting=True)]}, settings, "resume", 1800)
    assert answer["release"] == [{"namespace": "shop", "name": "db"}, {"namespace": "shop", "name": "web", "gate": {"p99_ms": 5}}]
    assert answer["lines"] == ["shop/db on us: its template waits", "shop/web on eu: its template waits"]
