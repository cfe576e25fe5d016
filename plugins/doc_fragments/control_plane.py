# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the control plane lives."""

from __future__ import annotations


class ModuleDocFragment:
    """The namespace of istiod."""

    DOCUMENTATION = r"""
options:
  control_plane_namespace:
    description:
      - Namespace of istiod and of the objects that belong to the control plane.
    type: str
    default: istio-system
"""
