# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Who reads what Ansible writes to standard output."""

from __future__ import annotations

from functools import cache

from ansible import constants
from ansible.plugins.callback.default import CallbackModule
from ansible.plugins.loader import callback_loader


@cache
def is_for_people() -> bool:
    """Whether the callback of this run writes lines for people, as Ansible's own does and those made from it (yaml, debug, AWX's).

    Others, such as C(ansible.posix.json), write what a program reads: a line in between would break it.
    """
    found = callback_loader.get(constants.DEFAULT_STDOUT_CALLBACK, class_only=True)
    return isinstance(found, type) and issubclass(found, CallbackModule)
