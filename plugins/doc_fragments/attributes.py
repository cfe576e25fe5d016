# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every module promises about check mode, diff mode, repetition and the action group."""

from __future__ import annotations


class ModuleDocFragment:
    """C(meshyard.istio.attributes) for modules that write, C(meshyard.istio.attributes.info) for those that only read."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Says what a run would do, and writes nothing.
  diff_mode:
    support: full
    description: Shows what changes in the fields that this collection owns, before and after.
  idempotent:
    support: full
    description: Run again with the same options, changes nothing.
  action_group:
    support: full
    description: "Its options can be given once in C(module_defaults) of the group C(meshyard.istio.all)."
    membership:
      - meshyard.istio.all
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Only reads, in check mode as otherwise.
  diff_mode:
    support: N/A
    description: Changes nothing that could be shown.
  idempotent:
    support: full
    description: Run again on an unchanged cluster, returns the same.
  action_group:
    support: full
    description: "Its options can be given once in C(module_defaults) of the group C(meshyard.istio.all)."
    membership:
      - meshyard.istio.all
"""
