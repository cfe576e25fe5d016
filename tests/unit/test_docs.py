"""The pages for readers: their size, their links, and the files that they name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tree import ROOT

README_LINES, README_WIDTH = 200, 140
QUESTIONS = 12
PAGES = [
    page for pattern in ("*.md", "docs/**/*.md", "lab/*.md", "roles/*/README.md", "examples/**/*.md") for page in sorted(ROOT.glob(pattern))
]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_the_readme_can_be_read_at_one_sitting() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= README_LINES
    assert [line for line in lines if len(line) > README_WIDTH] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text()) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_question_of_the_architecture_is_answered_by_one_file_that_exists() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    answers = re.findall(r"^\| [^|]+\? \| `([^`]+)` \|$", text, re.MULTILINE)
    assert len(answers) >= QUESTIONS
    assert [name for name in answers if not (ROOT / name).is_file()] == []


def test_every_record_of_a_decision_is_listed() -> None:
    listed = set(LINK.findall((ROOT / "docs" / "decisions" / "README.md").read_text()))
    assert listed == {page.name for page in ROOT.glob("docs/decisions/0*.md")}
