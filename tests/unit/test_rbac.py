"""The roles of examples/rbac: every kind that the collection reads is in the reader's."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from tests.tree import ROOT

RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "examples" / "rbac" / "reader.yaml").read_text())["rules"]


@pytest.mark.parametrize("kind", kinds.ALL, ids=lambda kind: kind.name)
def test_the_reader_may_get_and_list_every_kind(kind: kinds.Kind) -> None:
    verbs = {
        verb
        for rule in RULES
        if kind.group in rule.get("apiGroups", ()) and {kind.plural, "*"} & {*rule.get("resources", ())}
        for verb in rule["verbs"]
    }
    assert {"get", "list"} <= verbs


def test_the_reader_writes_nothing() -> None:
    writing = [rule for rule in RULES if {"create", "patch", "update", "delete"} & {*rule["verbs"]}]
    assert [rule["resources"] for rule in writing] == [["pods/portforward"]]
