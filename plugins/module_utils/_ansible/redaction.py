# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What of a module's options is secret, so that Ansible masks it in all that the module answers.

The option spec hides kubeconfigs and URLs whole: for the machine's log, and for options that are refused before a module runs.
Then only the secrets in them are hidden, so that messages can name a path, a context and a host.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

from ansible.module_utils.basic import AnsibleModule

_HIDDEN_WHOLE = ("kubeconfig", "host", "proxy")
_ADDRESSES = (*_HIDDEN_WHOLE, "server", "proxy-url")  # the last two are keys of a kubeconfig
_ENVIRONMENT = "K8S_AUTH_"
# How the names of secrets end, without hyphens and underscores: of options, headers, environment variables, and keys of a kubeconfig.
_SECRET = re.compile(
    r"(accesskey|apikey|authorization|basicauth|clientsecret|cookie|keydata|passw(or)?d|secretkey|token)$|^secret$", re.IGNORECASE
)
_USER_OF_URL = re.compile(r"://([^/?#\r\n]+)@")  # a blank can be one of a password
_USER_OF_ADDRESS = re.compile(r"://(.+)@")  # no path follows, so that a slash can be one of a password, too
_PARTS_OF_URL = re.compile(r"[:/?#\\]")  # where a library that reads a URL may cut a password, to name the part that it cannot use
_LINE = 8  # shorter lines of a secret tell nothing, and masking them would make holes everywhere
_PART = 4  # the same of a password's parts


def narrow(module: AnsibleModule) -> None:
    """Makes C(module.no_log_values) hold the secrets of the options and of the environment, and no more."""
    connections = (module.params, *_peers(module.params))
    whole = {text for one in connections for word in _HIDDEN_WHOLE for text in _texts(one.get(word))}
    module.no_log_values.difference_update(whole)
    module.no_log_values.update(secrets(module.params), secrets(_environment()))


def secrets(value: Any, name: str = "") -> Iterator[str]:
    """All secret texts in a value, in each form in which they may come out.

    :param name: the option or key under which it stands.
    """
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from secrets(below, str(key))
        if {"name", "value"} <= value.keys():  # an environment variable of a login program
            yield from secrets(value["value"], str(value["name"]))
    elif isinstance(value, (list, tuple)):
        yield from _secrets_in(value, name)
    elif isinstance(value, str):
        yield from _secrets_of(value, name)
    elif _SECRET.search(_plain(name)) and isinstance(value, (int, float)) and not isinstance(value, bool):
        yield str(value)


def _secrets_in(values: list[Any] | tuple[Any, ...], name: str) -> Iterator[str]:
    """Of a list, which may be one of arguments: C(--token), C(abc) or C(--token=abc)."""
    flag = ""
    for value in values:
        yield from secrets(value, flag or name)
        flag, equals, argument = value.lstrip("-").partition("=") if str(value).startswith("-") else ("", "", "")
        if equals:
            yield from secrets(argument, flag)
            flag = ""


def _secrets_of(text: str, name: str) -> Iterator[str]:
    if _SECRET.search(_plain(name)):
        yield from _forms(text)
        if name.endswith("basic_auth"):
            yield from _forms(text.partition(":")[2])
    elif name == "kubeconfig" and "\n" in text:
        yield from _secrets_of_content(text)
    url = _USER_OF_ADDRESS if name in _ADDRESSES else _USER_OF_URL
    for user in url.findall(text):
        yield from _forms(user)
        yield from _forms(user.partition(":")[2])
        yield from (part for part in _PARTS_OF_URL.split(user) if len(part) >= _PART)


def _secrets_of_content(text: str) -> Iterator[str]:
    """Of a kubeconfig that comes as text, which itself is one: in it YAML may write a secret in other letters."""
    import yaml  # Ansible needs it on the controller only

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        content = None
    yield text
    yield from secrets(content) if isinstance(content, Mapping) else _forms(text)


def _forms(text: str) -> Iterator[str]:
    """A text as it is, without blanks around it, as it stands in messages, in JSON and in URLs, and its lines."""
    lines = [line for line in text.splitlines() if len(line) >= _LINE]
    forms = (text, text.strip(), repr(text)[1:-1], json.dumps(text)[1:-1], quote(text, safe=""), unquote(text), *lines)
    yield from (form for form in dict.fromkeys(forms) if form.strip())


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "")


def _peers(params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The connections to other clusters."""
    for option in ("primary", "remote"):
        if isinstance(params.get(option), Mapping):
            yield params[option]
    yield from (one for one in params.get("clusters") or () if isinstance(one, Mapping))


def _environment() -> dict[str, str]:
    """The connection that comes from environment variables, by the names of the options."""
    return {key.removeprefix(_ENVIRONMENT).lower(): value for key, value in os.environ.items() if key.startswith(_ENVIRONMENT)}


def _texts(value: Any) -> Iterator[str]:
    """All that Ansible hides of an option with C(no_log)."""
    if isinstance(value, Mapping):
        for below in value.values():
            yield from _texts(below)
    elif isinstance(value, (list, tuple)):
        for below in value:
            yield from _texts(below)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
