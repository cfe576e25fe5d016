"""A page in the browser, and what it did beside showing itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

Scheme = Literal["light", "dark"]
A4_MARGINS = 680
"""The width in CSS pixels of an A4 sheet without margins of 15 mm."""


class Shown:
    """Opens texts as files, as a reader does with an attachment.

    :ivar said: what the console said, and errors of the page. :ivar requests: everything that was asked for but the page itself.
    """

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser, self._file = browser, folder / "page.html"
        self.said: list[str] = []
        self.requests: list[str] = []

    @contextmanager
    def page(self, text: str, width: int = 1280, scheme: Scheme = "light", *, bypass_csp: bool = False) -> Iterator[Page]:
        """The page of a text.

        :param bypass_csp: whether a test may add scripts to it.
        """
        self._file.write_text(text)
        address = self._file.as_uri()
        context = self._browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=bypass_csp)
        try:
            page = context.new_page()
            page.on("console", lambda message: self.said.append(message.text))
            page.on("pageerror", lambda error: self.said.append(str(error)))
            page.on("request", lambda request: self._note(request.url, address))
            page.goto(address, wait_until="load")
            yield page
        finally:
            context.close()

    def violations(self, text: str, scheme: Scheme) -> list[str]:
        """What axe-core finds, best practices too."""
        with self.page(text, scheme=scheme, bypass_csp=True) as page:
            found = Axe().run(page).response["violations"]
        return [f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]

    def printed(self, text: str) -> tuple[bytes, int]:
        """The page as a PDF, and how wide its content is on the sheet."""
        with self.page(text, width=A4_MARGINS) as page:
            page.emulate_media(media="print")
            return page.pdf(prefer_css_page_size=True), content_width(page)

    def _note(self, url: str, own: str) -> None:
        if url != own and not url.startswith("data:"):
            self.requests.append(url)


def content_width(page: Page) -> int:
    """How wide the content is: wider than the window where a reader has to scroll sideways."""
    return int(page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"))
