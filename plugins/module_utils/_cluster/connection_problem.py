# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What is wrong with the options of a connection, as one sentence: before anything is tried, or after a library has failed on them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from .._errors import InvalidOption
from .._words import listed

_PATHS = ("ca_cert", "client_cert", "client_key")
_CREDENTIALS = (("api_key",), ("username", "password"), ("cert_file", "key_file"))
_WHERE = "it is one on the machine that runs the module"
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


def check(options: Mapping[str, Any], auth: Mapping[str, Any]) -> None:
    """Refuses options that lead nowhere.

    :param options: those that are given. :param auth: what kubernetes.core makes of them and of the environment.
    :raises InvalidOption: a file is not there, or the kubeconfig has no such context.
    """
    for option in _PATHS:
        path = options.get(option)
        if path and not os.path.exists(os.path.expanduser(path)):
            raise InvalidOption(f"The file {path} of the option {option} does not exist.", f"Correct the path: {_WHERE}.")
    if any(all(auth.get(word) for word in ("host", *words)) for words in _CREDENTIALS):
        return  # a kubeconfig is not read then
    kubeconfig = auth.get("kubeconfig") or _default(auth)
    if kubeconfig:
        _check_kubeconfig(kubeconfig, auth.get("context"))


def check_headers(values: Iterable[str]) -> None:
    """Refuses credentials that cannot be sent, without showing them.

    :raises InvalidOption: one holds a line break or what is not ASCII.
    """
    if not all(_HEADER_VALUE.fullmatch(value) for value in values):
        raise InvalidOption(
            "A credential of the connection holds a line break or a letter that HTTP cannot send.",
            "Give the token alone, for instance with the filter trim when it is read from a file.",
        )


def check_url(url: str | None, option: str) -> None:
    """Refuses what is no URL, without showing it: a password may be what makes it none.

    :raises InvalidOption: no server is named.
    """
    if url and not _names_a_server(url):
        raise no_url(option)


def no_url(option: str) -> InvalidOption:
    """For an option that is no URL."""
    return InvalidOption(
        f"The {option} of the connection is no URL such as https://api.example:6443.",
        "Correct it; a user and a password have options of their own, and letters of a password in a URL are written as %40.",
    )


def content_of(kubeconfig: Any) -> Any:
    """A kubeconfig as it is given, but for content that comes as text: that is read.

    :raises InvalidOption: the text is no YAML.
    """
    if not isinstance(kubeconfig, str) or "\n" not in kubeconfig.strip():
        return kubeconfig
    content = _load(kubeconfig)
    if content is None:
        raise InvalidOption(
            "The kubeconfig is given as text that is no YAML.", "Give the content of a kubeconfig file as it is, or its path."
        )
    return content


def explained(problem: Exception) -> InvalidOption:
    """For what a library said of options."""
    return InvalidOption(
        f"No connection can be made from these options: {str(problem).rstrip('.')}.",
        "Give kubeconfig and context, or host and api_key, that exist and belong together.",
    )


def _names_a_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        return named and "@" not in f"{parts.path}{parts.query}{parts.fragment}"
    except ValueError:
        return False


def _default(auth: Mapping[str, Any]) -> str:
    """The kubeconfig that the client library looks for; empty where it uses the account of the pod that it runs in."""
    if "KUBERNETES_SERVICE_HOST" in os.environ and not auth.get("context"):
        return ""
    path = os.environ.get("KUBECONFIG", "~/.kube/config")
    if not any(os.path.exists(os.path.expanduser(one)) for one in path.split(os.pathsep)):
        raise InvalidOption(
            f"No connection to a cluster is given, and the kubeconfig {path} does not exist.",
            "Give kubeconfig and context, or host and api_key, as options or in K8S_AUTH_* variables.",
        )
    return path


def _check_kubeconfig(kubeconfig: Any, context: str | None) -> None:
    where = "that is given" if isinstance(kubeconfig, Mapping) else str(kubeconfig)
    contents = [kubeconfig] if isinstance(kubeconfig, Mapping) else _files(str(kubeconfig))
    known = [str(one.get("name")) for content in contents for one in content.get("contexts") or () if isinstance(one, Mapping)]
    if context and context not in known:
        raise InvalidOption(
            f"The kubeconfig {where} has no context {context}; it has {listed(known)}.", "Give one of these in the option context."
        )
    if not context and not any(content.get("current-context") for content in contents):
        raise InvalidOption(
            f"The kubeconfig {where} has no current context; it has {listed(known)}.", "Name the one that is meant in the option context."
        )


def _files(paths: str) -> list[Mapping[str, Any]]:
    names = [os.path.expanduser(path) for path in paths.split(os.pathsep) if path]
    there = [name for name in names if os.path.exists(name)]
    if not there:
        raise InvalidOption(f"The kubeconfig file {paths} does not exist.", f"Correct the option kubeconfig: {_WHERE}.")
    return [read_kubeconfig(name) for name in there]


def read_kubeconfig(path: str) -> Mapping[str, Any]:
    """The content of a kubeconfig file.

    :raises InvalidOption: it cannot be read, or is none.
    """
    try:
        with open(path, encoding="utf-8") as source:
            content = _load(source.read())
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is no text"
        raise InvalidOption(
            f"The kubeconfig file {path} cannot be read: {reason}.", "Check whose file it is and what it holds."
        ) from problem
    if content is None:
        raise InvalidOption(f"The file {path} is no kubeconfig.", "Name a file with clusters, users and contexts, as kubectl reads it.")
    return content


def _load(text: str) -> Mapping[str, Any] | None:
    import yaml  # the client library, without which nothing comes here, needs it as well

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    return found if isinstance(found, Mapping) else None
