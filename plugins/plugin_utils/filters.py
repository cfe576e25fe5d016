# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What all filters do alike: a refusal reaches the user as an error of the template, in one sentence and with its remedy."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import MeshyardError

P = ParamSpec("P")
T = TypeVar("T")


def refusing(decide: Callable[P, T]) -> Callable[P, T]:
    """The same filter, whose refusals Ansible understands."""

    @functools.wraps(decide)
    def decided(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return decide(*args, **kwargs)
        except MeshyardError as refusal:
            raise AnsibleFilterError(str(refusal)) from refusal

    return decided
