"""No secret of an option comes out of a module, whatever it looks like and whatever the API server answers."""

from __future__ import annotations

import http.server
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests import tree
from tests.harness.modules import Call

# Long enough not to stand in an answer by chance.
ODD = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x17F, exclude_categories=["Cs", "Cc"]), max_size=6)
CANARY = st.builds("{}canary{:06d}{}".format, ODD, st.integers(0, 999999), ODD).map(str.strip)


class Echo(http.server.BaseHTTPRequestHandler):
    """An API server that refuses everything and repeats what it was sent, as a proxy on the way may do."""

    paths: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.paths.append(self.path)
        said = {"kind": "Status", "reason": "Forbidden", "message": f"{self.path} {self.headers.get('Authorization')} is forbidden"}
        body = json.dumps(said).encode()
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_unused: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def content(server: str, secret: str) -> dict[str, Any]:
    """A kubeconfig with a secret at every place of a secret."""
    user = {"token": secret, "password": secret, "auth-provider": {"name": "none", "config": {"id-token": secret, "client-secret": secret}}}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "a",
        "clusters": [{"name": "a", "cluster": {"server": server}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "users": [{"name": "a", "user": user}],
    }


def connections(server: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """A secret, and a connection with it at one place."""
    plain, inside = {"host": f"http://{server}"}, "http://ada:{}@" + server
    known = {**plain, "api_key": "another"}
    ways: list[Callable[[str], dict[str, Any]]] = [
        lambda one: {**plain, "api_key": one},
        lambda one: {**plain, "username": "ada", "password": one},
        lambda one: {**known, "host": inside.format(one)},
        lambda one: {**known, "proxy": inside.format(one)},
        lambda one: {**known, "proxy_headers": {"basic_auth": f"ada:{one}"}},
        lambda one: {**known, "proxy_headers": {"proxy_basic_auth": f"ada:{one}"}},
        lambda one: {"kubeconfig": content(plain["host"], one)},
        lambda one: {"kubeconfig": yaml.safe_dump(content(plain["host"], one))},
        lambda one: {"kubeconfig": content(inside.format(one), "another")},
    ]
    return st.builds(lambda one, way: (one, way(one)), CANARY, st.sampled_from(ways))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], phases=[Phase.generate])
@given(data=st.data(), wrong=st.booleans())
def test_no_answer_of_a_module_shows_a_secret(echo: str, data: st.DataObject, wrong: bool) -> None:
    secret, options = data.draw(connections(echo))
    further = {"no_such_option": 1} if wrong else {}  # refused before the module itself runs
    answer = Call("istio_revision_info", {**options, **further}).run()
    assert answer["failed"]
    shown = json.dumps(answer, ensure_ascii=False) + json.dumps(answer)
    assert secret not in shown
    assert "canary" not in shown


@pytest.mark.parametrize("secret", ["a canary of words", "a\xa0canary", "canary/1", "canary?1", "canary#1", "9/canary", "canary\\1"])
@pytest.mark.parametrize("place", ["host", "proxy", "kubeconfig"])
def test_no_answer_shows_a_password_that_is_not_quoted_in_a_url(echo: str, place: str, secret: str) -> None:
    url = f"http://ada:{secret}@{echo}"
    given = {"kubeconfig": content(url, "another")} if place == "kubeconfig" else {"host": f"http://{echo}", place: url}
    answer = Call("istio_revision_info", {"host": f"http://{echo}", "api_key": "another", "clusters": [{"name": "us", **given}]}).run()
    assert answer["failed"]
    assert "canary" not in json.dumps(answer)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], phases=[Phase.generate])
@given(data=st.data(), option=st.sampled_from(["remote", "clusters"]))
def test_no_answer_shows_a_secret_of_another_cluster(echo: str, data: st.DataObject, option: str) -> None:
    secret, options = data.draw(connections(echo))
    own = {"host": f"http://{echo}", "api_key": "another"}
    module = {"remote": "remote_secret", "clusters": "istio_revision_info"}[option]
    needed = {"cluster_name": "us", "remote": options} if option == "remote" else {"clusters": [{"name": "us", **options}]}
    answer = Call(module, {**own, **needed}).run()
    assert answer["failed"]
    assert secret not in json.dumps(answer, ensure_ascii=False)


@pytest.mark.timeout(300)
def test_no_output_of_a_playbook_shows_a_secret_at_high_verbosity(echo: str, tmp_path: Path) -> None:
    server = f"http://ada:canary-url@{echo}"
    login = {"username": "ada", "password": "canary-password", "proxy_headers": {"basic_auth": "ada:canary-basic"}}
    options = {"host": server, "api_key": "canary-token", **login}
    peer = {"name": "us", "kubeconfig": content(server, "canary-peer")}
    probe = {"from": {"temporary": True}, "to": server, "headers": {"Authorization": "canary-header"}}
    gate = {"revision": "a", "namespaces": ["shop"], "prometheus_url": server, "prometheus_token": "canary-prometheus", "probes": [probe]}
    tasks = [
        {"meshyard.istio.istio_revision_info": {**options, "clusters": [peer]}},
        {"meshyard.istio.istio_revision_info": {"kubeconfig": content(server, "canary-kubeconfig")}},
        {"meshyard.istio.istio_revision_info": {**options, "api_key": "canary-one\ncanary-two"}},
        {"meshyard.istio.upgrade_gate": {**options, **gate}},
    ]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [{"block": [task], "rescue": [{"ansible.builtin.debug": {"var": "ansible_failed_result"}}]} for task in tasks],
    }
    path = tmp_path / "play.yml"
    path.write_text(yaml.safe_dump([play]))
    places = {"ANSIBLE_COLLECTIONS_PATH": str(tree.linked()), "ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_PIPELINING": "1"}
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(path), "-vvv"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, **places}, timeout=280)
    answers = re.findall(r"is forbidden|HTTP cannot send", ended.stdout)
    assert len(answers) >= len(tasks), ended.stdout + ended.stderr
    assert "canary" not in ended.stdout + ended.stderr
