# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waiting for what was changed to become ready."""

from __future__ import annotations


class ModuleDocFragment:
    """C(wait) and C(wait_timeout), in the words of C(kubernetes.core)."""

    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until what was changed is ready.
      - Check mode never waits.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long to wait, in seconds.
      - When it is over the module fails and names what is not ready and why. Running again takes up the wait.
    type: int
    default: 300
"""
