# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The options of a probe, which two modules take in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._run.probe.exec import Request
from .arguments import Spec


def options() -> Spec:
    """Where from, where to, how, and what is expected."""
    return {
        "from": {"type": "dict", "required": True, "options": _source()},
        "to": {"type": "str", "required": True},
        "requests": {"type": "int", "default": 20},
        "concurrency": {"type": "int", "default": 1},
        "timeout": {"type": "float", "default": 5.0},
        "method": {"type": "str", "default": "GET"},
        "headers": {"type": "dict", "default": {}},
        "url_validate_certs": {"type": "bool", "default": True},
        "resolve": {"type": "str"},
        "responder": {"type": "dict", "options": {"header": {"type": "str", "default": "x-responder"}, "body_regex": {"type": "str"}}},
        "expect": {"type": "dict", "options": _expectation()},
    }


def request(params: Mapping[str, Any]) -> Request:
    """The request that these options describe."""
    return Request(
        url=params["to"],
        method=params["method"].upper(),
        headers={str(name): str(value) for name, value in params["headers"].items()},
        count=params["requests"],
        concurrency=params["concurrency"],
        timeout=params["timeout"],
        tls_verify=params["url_validate_certs"],
        resolve=params["resolve"],
    )


def _source() -> Spec:
    return {
        "namespace": {"type": "str"},
        "workload": {"type": "str"},
        "pod": {"type": "str"},
        "temporary": {"type": "bool", "default": False},
        "controller": {"type": "bool", "default": False},
        "container": {"type": "str"},
        "image": {"type": "str"},
        "labels": {"type": "dict", "default": {}},
    }


def _expectation() -> Spec:
    return {
        "success_percent": {"type": "float", "default": 100.0},
        "statuses": {"type": "list", "elements": "int", "default": []},
        "responders": {"type": "list", "elements": "str", "default": []},
        "max_latency_ms": {"type": "float"},
    }
