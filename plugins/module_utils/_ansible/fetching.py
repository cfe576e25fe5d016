# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading a URL from the machine that runs the module, by Ansible's own means: proxies and certificates as everywhere."""

from __future__ import annotations

import http.client
import urllib.error
from collections.abc import Callable

from ansible.module_utils.urls import ConnectionError as UrlConnectionError
from ansible.module_utils.urls import open_url

from .._errors import MeshyardError

_SECONDS = 10


def fetcher(token: str | None = None, validate_certs: bool = True, ca_path: str | None = None) -> Callable[[str], tuple[int, bytes]]:
    """A function that gets a URL and returns status and body.

    It raises MeshyardError where nothing answers.

    :param token: a bearer token to show. :param ca_path: a file with the certificates to trust.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else None

    def fetch(url: str) -> tuple[int, bytes]:
        try:
            with open_url(url, timeout=_SECONDS, headers=headers, validate_certs=validate_certs, ca_path=ca_path) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()
        except (OSError, http.client.HTTPException, UrlConnectionError, ValueError) as problem:
            reason = str(getattr(problem, "reason", None) or problem).rstrip(".")
            where = url.partition("?")[0]
            raise MeshyardError(
                f"{where} does not answer: {reason}.", "Check the URL, and that it can be reached from here.", code="unreachable"
            ) from problem

    return fetch
