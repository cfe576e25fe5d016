"""One headless Chromium for all tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from lab import browser
from tests.browser.shown import Shown


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser. Tests may run as root, where it has no sandbox; the pages are ours."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(browser.program()), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def shown(chromium: Browser, tmp_path: Path) -> Shown:
    """Shows pages."""
    return Shown(chromium, tmp_path)
