# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shows the progress of every module: meta/runtime.yml leads them here. Sanity tests want it to bear the name of one of them."""

from __future__ import annotations

from ..plugin_utils.waiting import WaitingAction


class ActionModule(WaitingAction):
    """The shared base does it all."""
