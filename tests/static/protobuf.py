"""Reads the messages of .proto files: as much of the language as Istio's API uses, and no options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# A text may hold what begins a comment, such as an address.
_TEXT_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_IMPORT = re.compile(r'^import\s+(?:public\s+)?"([^"]+)";', re.MULTILINE)
_PACKAGE = re.compile(r"^package\s+([\w.]+);", re.MULTILINE)
# What a block consists of: a statement up to its semicolon, the head of a block within, or its end. The options of a
# field may hold braces and semicolons in texts of their own.
_PIECE = re.compile(r'((?:"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|\[(?:"(?:\\.|[^"\\])*"|[^\]"])*\]|[^;{}"\'\[])*)([;{}])')
_FIELD = re.compile(r"(?:(repeated|optional)\s+)?(map\s*<\s*\w+\s*,\s*([\w.]+)\s*>|[\w.]+)\s+(\w+)\s*=\s*\d+\s*(.*)", re.DOTALL)
_WORD = re.compile(r"(\w+)\s*=\s*\d+")
_JSON_NAME = re.compile(r'json_name\s*=\s*"(\w+)"')


@dataclass(frozen=True)
class Field:
    """A field of a message: its name in JSON, its type as it is written, and whether there are many of it."""

    name: str
    type: str
    repeated: bool = False
    map: bool = False


@dataclass
class Package:
    """The messages of some files, by their full names, and the words of their enumerations."""

    messages: dict[str, list[Field]] = field(default_factory=dict)
    enums: dict[str, list[str]] = field(default_factory=dict)

    def resolve(self, name: str, scope: str) -> str:
        """The full name of a type as it is named within a message: the innermost that there is."""
        around = scope.split(".")
        for depth in range(len(around), -1, -1):
            candidate = ".".join((*around[:depth], name))
            if candidate in self.messages or candidate in self.enums:
                return candidate
        return name


def read(root: Path, start: str) -> Package:
    """The messages of a file and of all that it imports, as far as that lies below the root."""
    found, waiting, seen = Package(), [start], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or not (root / name).exists():
            continue
        seen.add(name)
        text = _TEXT_OR_COMMENT.sub(lambda match: match[0] if match[0].startswith('"') else "", (root / name).read_text())
        waiting += _IMPORT.findall(text)
        package = _PACKAGE.search(text)
        _block(_PIECE.finditer(text), package[1] if package else "", found)
    return found


def _block(pieces: Iterator[re.Match[str]], scope: str, found: Package) -> None:
    """All up to the end of a block, whose messages, enumerations and fields are of this scope."""
    for piece in pieces:
        words, end = piece[1].split(), piece[2]
        if end == "}":
            return
        if end == ";":
            _statement(piece[1], scope, found)
        elif words[0] == "message":
            found.messages[f"{scope}.{words[1]}"] = []
            _block(pieces, f"{scope}.{words[1]}", found)
        elif words[0] == "enum":
            found.enums[f"{scope}.{words[1]}"] = _words(pieces)
        else:  # the fields of a oneof are the message's own; a service has none
            _block(pieces, scope if words[0] == "oneof" else "", found)


def _words(pieces: Iterator[re.Match[str]]) -> list[str]:
    """The words of an enumeration, up to its end."""
    found = []
    for piece in pieces:
        if piece[2] == "}":
            break
        word = _WORD.match(piece[1].strip())
        if word:
            found.append(word[1])
    return found


def _statement(text: str, scope: str, found: Package) -> None:
    match = _FIELD.fullmatch(text.strip())
    if match and scope in found.messages:
        label, kind, value, name, options = match.groups()
        renamed = _JSON_NAME.search(options)
        found.messages[scope].append(Field(renamed[1] if renamed else _camel(name), value or kind, label == "repeated", bool(value)))


def _camel(name: str) -> str:
    """The name in JSON, as protoc makes it."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)
