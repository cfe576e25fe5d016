"""Everything that namespaces hold, as clients wrote it: to be compared before a release and after it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.harness.lab.target import Target, kubectl

# What controllers make of other objects.
_DERIVED = ("pods", "events", "endpoints", "endpointslices", "replicasets", "controllerrevisions", "leases")
_COUNTED = ("resourceVersion", "managedFields", "generation")
_REVISION = "deployment.kubernetes.io/revision"
Dump = dict[str, Any]


def dump(where: Target, keep: Path, *namespaces: str) -> Dump:
    """Every object of some namespaces by its kind and name, kept in a file as well."""
    listed = kubectl(where, "api-resources", "--namespaced", "--verbs=list", "-o", "name").split()
    kinds = [one for one in listed if one.partition(".")[0] not in _DERIVED]
    found: Dump = {}
    for namespace in namespaces:
        for item in json.loads(kubectl(where, "get", ",".join(kinds), "-n", namespace, "-o", "json"))["items"]:
            found[f"{item['kind']} {namespace}/{item['metadata']['name']}"] = _as_written(item)
    keep.write_text(json.dumps(found, indent=1, sort_keys=True))
    return found


def differences(before: Dump, after: Dump) -> list[str]:
    """What has come, gone or changed, one line per object or field."""
    found = [f"{name} is new" for name in after.keys() - before.keys()] + [f"{name} is gone" for name in before.keys() - after.keys()]
    for name in before.keys() & after.keys():
        found += [f"{name} {path}" for path in _changed(before[name], after[name], "")]
    return sorted(found)


def _as_written(item: dict[str, Any]) -> dict[str, Any]:
    kept = copy.deepcopy({key: value for key, value in item.items() if key != "status"})
    for key in _COUNTED:
        kept["metadata"].pop(key, None)
    kept["metadata"].get("annotations", {}).pop(_REVISION, None)
    if not kept["metadata"].get("annotations", True):
        del kept["metadata"]["annotations"]
    return kept


def _changed(before: Any, after: Any, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from _changed(before.get(key), after.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _changed(one, other, f"{path}[{number}]")
    elif before != after:
        yield path
