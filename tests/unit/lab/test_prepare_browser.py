"""Where the tests of pages get their browser from."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import browser


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("usr/lib/chromium/chromium-headless-shell", True),
        ("usr/lib/chromium/locales/en-US.pak", True),
        ("usr/lib/x86_64-linux-gnu/libnss3.so", True),
        ("usr/lib/x86_64-linux-gnu/nss/libsoftokn3.so", True),
        ("usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", True),
        ("usr/bin/chromium-headless-shell", False),
        ("usr/lib/x86_64-linux-gnu/dri/swrast_dri.so", False),
        ("etc/chromium.d/default-flags", False),
    ],
)
def test_the_program_its_libraries_and_fonts_are_unpacked(name: str, wanted: bool) -> None:
    assert browser.is_file_wanted(name) is wanted


@pytest.mark.parametrize("package", ["libc6", "libgcc-s1", "gcc-12-base", "libllvm15", "libgl1-mesa-dri"])
def test_the_c_library_stays_the_hosts(package: str) -> None:
    assert not browser.is_wanted(package)


def test_a_browser_of_the_host_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "google-chrome"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert browser.program() == own


def test_the_unpacked_one_is_started_with_its_own_libraries_and_fonts() -> None:
    root = Path("/a b")
    text = browser.wrapper(root, root / "lib", root / "fonts.conf")
    assert text.splitlines()[1:] == [
        "export LD_LIBRARY_PATH='/a b/lib':'/a b/lib/nss'",
        "export FONTCONFIG_FILE='/a b/fonts.conf'",
        "exec '/a b/usr/lib/chromium/chromium-headless-shell' \"$@\"",
    ]
    assert "<dir>/a b/usr/share/fonts</dir>" in browser.font_settings(root)
