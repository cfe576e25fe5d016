"""Rulebooks over the two clusters of the lab."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from tests.harness import rulebook
from tests.harness.lab.mesh_of_two import MeshOfTwo
from tests.harness.rulebook import Rulebook


@contextmanager
def following(two: MeshOfTwo, name: str, *clusters: str, **variables: Any) -> Iterator[Rulebook]:
    """A rulebook that watches some clusters and plays over both.

    :param variables: of its playbooks, besides those of the lab.
    """
    members = two.members
    inventory = yaml.safe_load(members.target.inventory.read_text())
    settings = yaml.safe_load(members.target.variables.read_text())
    inventory.setdefault("all", {}).setdefault("vars", {}).update({**settings, **variables})
    watched = [{"name": one, **two.connection(one)} for one in clusters]
    given = {"meshyard_clusters": watched, "meshyard_alerts_token": "a-token-of-the-tests"}
    with rulebook.running(name, members.evidence / f"rulebook-{name}", inventory, given, members.collections) as run:
        yield run
