"""A module whose playbook was killed, and what a playbook says of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from lab.apiserver import ApiServer
from lab.waiting import until
from tests import tree
from tests.harness.killing import CHART, PREPARE, run
from tests.harness.proxy import WriteProxy


@pytest.fixture
def playbook(server: ApiServer, tmp_path: Path) -> Callable[[str], subprocess.Popen[str]]:
    """Starts a playbook with one task in a process group of its own."""

    def start(host: str) -> subprocess.Popen[str]:
        options = {**PREPARE[1], **CHART, "host": host, "api_key": server.token, "revision": "orphan"}
        task = {"name": "Install", "meshyard.istio.istio_revision": options}
        play = {"name": "Install", "hosts": "localhost", "gather_facts": False, "connection": "local", "tasks": [task]}
        play["vars"] = {"ansible_python_interpreter": sys.executable}
        path = tmp_path / "play.yml"
        path.write_text(yaml.safe_dump([play]))
        command = [str(Path(sys.executable).parent / "ansible-playbook"), str(path), "-vvv"]
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tree.linked()), "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local")}
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )

    return start


def alive_files(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "local").rglob("alive"))


@pytest.mark.parametrize("number", [1, 3, 7])
def test_a_module_whose_playbook_alone_was_killed_writes_no_more(
    server: ApiServer, playbook: Callable[[str], subprocess.Popen[str]], tmp_path: Path, number: int
) -> None:
    with WriteProxy(server.host) as proxy:
        process = playbook(proxy.url)

        def kill_the_playbook() -> None:
            assert alive_files(tmp_path)
            process.kill()
            process.wait()
            until(lambda: not alive_files(tmp_path), 20, lambda: "The module is not told that its playbook is gone.")

        proxy.watch(number, kill_the_playbook)
        output, _errors = process.communicate(timeout=60)  # ends when the orphaned module has ended and closed its output
        assert process.returncode < 0, output
        assert len(proxy.writes) == number
    run(server, "istio_revision", {"revision": "orphan", "state": "absent", "force": True})


@pytest.mark.smoke
def test_no_secret_of_the_connection_shows_at_the_highest_verbosity(
    server: ApiServer, playbook: Callable[[str], subprocess.Popen[str]]
) -> None:
    process = playbook(server.host)
    output, _errors = process.communicate(timeout=60)
    assert server.token not in output
    assert "Install" in output


def shown(server: ApiServer, folder: Path, callback: str) -> subprocess.CompletedProcess[str]:
    """What a callback writes of an installation that does not become ready, for no istiod runs here."""
    options = {**CHART, "host": server.host, "api_key": server.token, "ca_cert": str(server.ca_cert)}
    task = {"meshyard.istio.istio_revision": {**PREPARE[1], **options, "revision": "beside", "wait": True, "wait_timeout": 2}}
    play = {"hosts": "localhost", "gather_facts": False, "vars": {"ansible_python_interpreter": sys.executable}, "tasks": [task]}
    path = folder / "play.yml"
    path.write_text(yaml.safe_dump([play]))
    places = {"ANSIBLE_COLLECTIONS_PATH": str(tree.linked()), "ANSIBLE_HOME": str(folder), "ANSIBLE_STDOUT_CALLBACK": callback}
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(path)]
    return subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, **places}, timeout=110)


def test_the_json_callback_writes_nothing_but_json_and_progress_goes_beside_it(server: ApiServer, tmp_path: Path) -> None:
    ended = shown(server, tmp_path, "ansible.posix.json")
    assert json.loads(ended.stdout)["stats"]["localhost"]["failures"] == 1
    assert "[localhost] " in ended.stderr
    run(server, "istio_revision", {"revision": "beside", "state": "absent", "force": True})


def test_the_progress_callback_tells_what_a_module_waits_for_and_what_to_do_when_it_fails(server: ApiServer, tmp_path: Path) -> None:
    lines = shown(server, tmp_path, "meshyard.istio.progress").stdout.splitlines()
    heading = lines.index("meshyard.istio.istio_revision")
    assert lines[heading + 1].startswith("    [localhost] ")
    (failed,) = (place for place, line in enumerate(lines) if line.startswith("  failed: [localhost] On cluster "))
    assert lines[failed + 1].startswith("    what to do: ")
    assert lines[failed + 2] == "    code: timed_out"
    assert server.token not in "".join(lines)
    run(server, "istio_revision", {"revision": "beside", "state": "absent", "force": True})
