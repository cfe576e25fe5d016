"""An unfit host is refused with one sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import checks
from lab.paths import LabError

BOOKWORM = {"ID": "debian", "VERSION_ID": "12", "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)"}


def test_root_may_make_a_lab_and_others_are_told_to_be_root() -> None:
    checks.check_user(0)
    with pytest.raises(LabError, match="run it as root"):
        checks.check_user(1000)


@pytest.mark.parametrize("release", [BOOKWORM, {**BOOKWORM, "VERSION_ID": "13"}, {"ID": "debian", "PRETTY_NAME": "Debian sid"}])
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_debian_12_and_newer_will_do(release: dict[str, str], machine: str) -> None:
    checks.check_system(release, machine)


@pytest.mark.parametrize(
    ("release", "name"),
    [
        ({**BOOKWORM, "VERSION_ID": "11", "PRETTY_NAME": "Debian GNU/Linux 11"}, "Debian GNU/Linux 11"),
        ({"ID": "ubuntu", "VERSION_ID": "24.04", "PRETTY_NAME": "Ubuntu 24.04"}, "Ubuntu 24.04"),
        ({}, "an unknown system"),
    ],
)
def test_other_systems_are_refused_by_name(release: dict[str, str], name: str) -> None:
    with pytest.raises(LabError, match=f"needs Debian 12 or newer, and this is {name}"):
        checks.check_system(release, "x86_64")


def test_a_machine_without_envoy_is_refused() -> None:
    with pytest.raises(LabError, match="this machine is riscv64"):
        checks.check_system(BOOKWORM, "riscv64")


def test_too_little_disk_is_refused_with_the_figures(tmp_path: Path) -> None:
    checks.check_disk(tmp_path, 1)
    with pytest.raises(LabError, match=r"needs 1048576 GiB of free disk and .* has [0-9.]+ GiB; free some"):
        checks.check_disk(tmp_path, 1024 * 1024 * checks.GIB)
