"""How messages name many things."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils import _words


@pytest.mark.parametrize(
    ("number", "separator", "said"),
    [
        (0, ", ", ""),
        (1, ", ", "n0"),
        (3, ", ", "n0, n1, n2"),
        (10, "; ", "n0; n1; n2; n3; n4; n5; n6; n7; n8; n9"),
        (11, "; ", "n0; n1; n2; n3; n4; n5; n6; n7; n8; n9; and 1 more"),
        (5000, ", ", "n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 4,990 more"),
    ],
)
def test_ten_are_named_and_the_rest_is_counted(number: int, separator: str, said: str) -> None:
    assert _words.listed((f"n{one}" for one in range(number)), separator) == said


def test_of_sentences_and_lines_the_rest_is_counted_too() -> None:
    assert _words.sentences(["One.", "Two.", "Three."], most=2) == "One. Two. And 1 more."
    assert _words.sentences(["One.", "Two."], most=2) == "One. Two."
    assert _words.lines(["one", "two", "three"], most=2) == ["one", "two", "and 1 more"]
    assert _words.lines(["one", "two", "three"], most=0) == ["one", "two", "three"]
