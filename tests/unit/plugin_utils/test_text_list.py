"""The list that a variable means, whatever form it comes in."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.meshyard.istio.plugins.filter.as_list import FilterModule
from ansible_collections.meshyard.istio.plugins.plugin_utils.text_list import as_list


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("default, kube-public", ["default", "kube-public"]),
        ("shop", ["shop"]),
        ("prepare\nwaves\r\n", ["prepare", "waves"]),
        ('["shop", "cart"]', ["shop", "cart"]),
        ("[on, 1e3, null]", ["on", "1e3", "null"]),
        ("- shop\n- cart", ["shop", "cart"]),
        ("-shop", ["-shop"]),
        (["shop ", "", None, 7], ["shop", "7"]),
        (("shop",), ["shop"]),
        (5, ["5"]),
        ("", []),
        ("  ", []),
        ("[]", []),
        (None, []),
    ],
)
def test_names_come_as_a_list_or_as_text(value: Any, names: list[str]) -> None:
    assert as_list(value) == names


@pytest.mark.parametrize(
    ("value", "waves"),
    [
        ("eu/default", [["eu/default"]]),
        ("eu/shop; eu/cart, us/cart", [["eu/shop"], ["eu/cart", "us/cart"]]),
        ("shop\ncart, payment\n\n", [["shop"], ["cart", "payment"]]),
        ('[["shop"], ["cart", "payment"]]', [["shop"], ["cart", "payment"]]),
        ("- [shop]\n- [cart]", [["shop"], ["cart"]]),
        ([["shop"], ("cart",)], [["shop"], ["cart"]]),
        ("", []),
    ],
)
def test_waves_come_as_lists_of_lists_or_as_text(value: Any, waves: list[list[str]]) -> None:
    assert as_list(value, "list") == waves


@pytest.mark.parametrize("value", ['[{"name": "shop", "port": 80}]', "- {name: shop, port: 80}", [{"name": "shop", "port": 80}]])
def test_dictionaries_come_as_a_list_or_as_json(value: Any) -> None:
    assert as_list(value, "dict") == [{"name": "shop", "port": 80}]


@pytest.mark.parametrize(
    ("value", "elements"),
    [
        ({"shop": 1}, "str"),
        (True, "str"),
        ([True], "str"),
        ([["shop"]], "str"),
        ("[shop", "str"),
        ("{a: b}", "str"),
        (["default"], "list"),
        ('["default"]', "list"),
        ([[["deep"]]], "list"),
        ("shop", "dict"),
        (["shop"], "dict"),
    ],
)
def test_anything_else_is_refused_with_what_to_give(value: Any, elements: str) -> None:
    with pytest.raises(AnsibleFilterError, match=r"is no list of .*\. Give a list of "):
        FilterModule().filters()["as_list"](value, elements=elements)
