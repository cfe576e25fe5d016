# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Lists that may come as text: from a survey, from the command line, or as JSON or YAML in a string."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import yaml

from ..module_utils._errors import MeshyardError

Elements = Literal["str", "list", "dict"]

_NAMES = re.compile(r"[,\s]+")
_LISTS = re.compile(r"[;\n]")
_WRITTEN_OUT = re.compile(r"\s*(\[|-\s|\{)")
_REMEDY: dict[Elements, str] = {
    "str": "Give a list of names, or a text with commas between them: shop, cart.",
    "list": "Give a list of lists such as [[shop], [cart, payment]], or a text with a semicolon between lists: shop; cart, payment.",
    "dict": "Give a list of dictionaries, as YAML or as a text with JSON in it.",
}


def as_list(value: Any, elements: Elements = "str") -> list[Any]:
    """The list that a variable means.

    :param elements: what it is a list of: names, lists of names, or dictionaries.
    :raises MeshyardError: it is no such list.
    """
    if value is None:
        return []
    found = _parsed(value, elements) if isinstance(value, str) else value
    if isinstance(found, int) and not isinstance(found, bool) and elements == "str":
        return [str(found)]
    if not isinstance(found, list | tuple):
        raise _refusal(value, elements)
    return [_element(item, elements) for item in found if item not in ("", None)]


def _parsed(text: str, elements: Elements) -> Any:
    """What a text means: JSON or YAML where it begins like that, else names with something between them."""
    if _WRITTEN_OUT.match(text):
        return _loaded(text, elements)
    if elements == "dict" and text.strip():
        raise _refusal(text, elements)
    if elements == "list":
        return [names for part in _LISTS.split(text) if (names := _names(part))]
    return _names(text)


def _loaded(text: str, elements: Elements) -> Any:
    # Names stay text, whatever they would mean in YAML: there are namespaces called "on" and "1e3".
    loader = yaml.SafeLoader if elements == "dict" else yaml.BaseLoader
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506  # the base loader makes less than the safe one: text alone
    except yaml.YAMLError as problem:
        raise _refusal(text, elements) from problem


def _names(text: str) -> list[str]:
    return [name for name in _NAMES.split(text) if name]


def _element(value: Any, elements: Elements) -> Any:
    if elements == "list" and isinstance(value, list | tuple):
        return as_list(value)
    if elements == "dict" and isinstance(value, Mapping):
        return value
    if elements == "str" and isinstance(value, str | int) and not isinstance(value, bool):
        return str(value).strip()
    raise _refusal(value, elements)


def _refusal(value: Any, elements: Elements) -> MeshyardError:
    kind = {"str": "no list of names", "list": "no list of lists", "dict": "no list of dictionaries"}[elements]
    return MeshyardError(f"{value!r} is {kind}.", _REMEDY[elements])
