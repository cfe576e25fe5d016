# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Finding and reading kubeconfig files."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..module_utils._cluster.connection_problem import read_kubeconfig
from ..module_utils._errors import InvalidOption
from ..module_utils._words import listed

_DEFAULT = "~/.kube/config"


def paths(given: Sequence[str], folder: str, environment: Mapping[str, str]) -> list[str]:
    """The files that names and patterns mean, each once; without any those that kubectl would read.

    :param folder: what relative ones are relative to.
    :raises InvalidOption: a file that is named is not there, or there is none at all.
    """
    if not given:
        named = [path for path in environment.get("KUBECONFIG", _DEFAULT).split(os.pathsep) if path]
        found = [path for path in map(_absolute, named) if os.path.exists(path)]
        if not found:
            raise InvalidOption(f"The kubeconfig {listed(named)} does not exist.", "Name the files in the option kubeconfigs.")
        return list(dict.fromkeys(found))
    return list(dict.fromkeys(path for pattern in given for path in _matching(os.path.join(folder, os.path.expanduser(pattern)), pattern)))


def read(found: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The contents of files by their paths, without those that are empty, as for kubectl.

    :raises InvalidOption: one cannot be read, or is no kubeconfig, or all are empty.
    """
    there = [path for path in found if os.path.getsize(path)]
    if not there:
        raise InvalidOption(f"The kubeconfig {listed(found)} is empty.", "Name the files in the option kubeconfigs.")
    return {path: read_kubeconfig(path) for path in there}


def _matching(path: str, pattern: str) -> list[str]:
    if os.path.exists(path):
        return [_absolute(path)]
    found = sorted(one for one in glob.glob(path) if os.path.isfile(one))
    if not found:
        raise InvalidOption(f"The option kubeconfigs names {pattern}, and there is no such file.", "Correct the name or the pattern.")
    return [_absolute(one) for one in found]


def _absolute(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))
