# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How Prometheus is reached."""

from __future__ import annotations


class ModuleDocFragment:
    """For modules that judge metrics."""

    DOCUMENTATION = r"""
options:
  prometheus_url:
    description: URL of Prometheus, as the machine that runs this module reaches it. Needed where metrics are judged.
    type: str
  prometheus_token:
    description: Bearer token for Prometheus.
    type: str
  prometheus_validate_certs:
    description: Whether the certificate of Prometheus is verified.
    type: bool
    default: true
  prometheus_ca_cert:
    description: File with the certificates to trust when Prometheus is asked.
    type: path
"""
