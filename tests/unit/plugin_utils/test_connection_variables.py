"""From host variables to the connection of modules."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.meshyard.istio.plugins.filter.connection import connection
from ansible_collections.meshyard.istio.plugins.module_utils._cluster import connection_options
from tests import tree
from tests.unit.test_repository import documentation_fragment

PLAYBOOKS = sorted(path for path in tree.ROOT.glob("playbooks/*.yml") if path.stem != "awx_setup")
"""Those that work on clusters; the other one works on AWX."""


def test_every_word_is_taken_from_its_variable() -> None:
    variables = {f"meshyard_{word}": f"the {word}" for word in connection_options.WORDS}
    assert connection({**variables, "meshyard_network": "n"}) == {word: f"the {word}" for word in connection_options.WORDS}


def test_what_is_not_set_or_empty_is_left_out() -> None:
    assert connection({"meshyard_context": "", "meshyard_proxy": None, "meshyard_validate_certs": False}) == {"validate_certs": False}


@pytest.mark.parametrize("option", ["remote", "primary", "clusters"])
def test_the_connection_to_another_cluster_is_documented_in_all_words(option: str) -> None:
    documented = documentation_fragment("peer", option)["options"][option]["suboptions"]
    assert {word: option["type"] for word, option in documented.items() if word != "name"} == {
        **{word: option["type"] for word, option in connection_options.OPTIONS.items()},
        "expected_cluster_uid": "str",
    }


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_every_play_takes_the_connection_from_all_variables(path: Path) -> None:
    for play in yaml.safe_load(path.read_text()):
        assert play["module_defaults"] == {"group/meshyard.istio.all": "{{ lookup('meshyard.istio.connection') }}"}


def invocation(folder: Path, hosts: dict[str, Any], **extra: Any) -> dict[str, Any]:
    """The options that a module got from variables."""
    play = {
        "hosts": "all",
        "gather_facts": False,
        "connection": "local",
        "vars": {"ansible_python_interpreter": sys.executable, "meshyard_impersonate_user": "{{ 'a' ~ 'da' }}"},
        "module_defaults": {"group/meshyard.istio.all": "{{ lookup('meshyard.istio.connection') }}"},
        "tasks": [{"meshyard.istio.istio_revision_info": {}}],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "K8S_AUTH_"))}
    places = {
        "ANSIBLE_COLLECTIONS_PATH": str(tree.linked()),
        "ANSIBLE_HOME": str(folder),
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_INJECT_INVOCATION": "1",
    }
    program = str(Path(sys.executable).parent / "ansible-playbook")
    command = [program, str(folder / "play.yml"), "-i", str(folder / "hosts.json"), "-e", json.dumps(extra), "-vvv"]
    settings = {**inherited, **places, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_INJECT_INVOCATION": "1"}
    ended = subprocess.run(command, check=False, capture_output=True, text=True, env=settings, timeout=110)
    found = json.loads(re.sub(r"(?s)^.*?\n(?=\{\n)", "", ended.stdout))
    (answer,) = found["plays"][0]["tasks"][0]["hosts"].values()
    given: dict[str, Any] = answer["invocation"]["module_args"]
    return {option: value for option, value in given.items() if option in connection_options.WORDS and value is not None}


def test_variables_of_the_inventory_of_the_play_and_extra_ones_all_reach_a_module(tmp_path: Path) -> None:
    host = {
        "meshyard_kubeconfig": "{{ place }}/none",
        "place": "/nowhere",
        "meshyard_api_key": "",
        "meshyard_ca_cert": "{{ omit }}",
        "meshyard_validate_certs": False,
        "meshyard_impersonate_groups": ["one", "two"],
    }
    assert invocation(tmp_path, {"eu": host}, meshyard_context="extra") == {
        "kubeconfig": "/nowhere/none",
        "context": "extra",
        "validate_certs": False,
        "impersonate_user": "ada",
        "impersonate_groups": ["one", "two"],
    }
