# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""How Prometheus is reached: the options, which gates take in the same words, and the way to ask it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .._plan.gate.metrics import Sample, parse_url
from .._run.gate import prometheus
from .arguments import Spec
from .fetching import fetcher


def options() -> Spec:
    """The URL, and what is shown and trusted there."""
    return {
        "prometheus_url": {"type": "str"},
        "prometheus_token": {"type": "str", "no_log": True},
        "prometheus_validate_certs": {"type": "bool", "default": True},
        "prometheus_ca_cert": {"type": "path"},
    }


def asking(params: Mapping[str, Any], needed: bool) -> Callable[[str], Sample]:
    """A function that asks for the values of an expression.

    :param needed: whether there is anything to ask for.
    :raises MeshyardError: the URL is missing, or is none.
    """
    url = parse_url(params["prometheus_url"], needed)
    fetch = fetcher(params["prometheus_token"], params["prometheus_validate_certs"], params["prometheus_ca_cert"])
    return partial(prometheus.query, fetch, url)
