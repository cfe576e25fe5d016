"""The script that sends probes from containers: run by a real shell, with clients that print what real ones printed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import exec as execution
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connect import Cluster
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.exec import Output
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.traffic import Answer, Naming
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe import exec as probe_exec
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe.exec import NoClient, Place, Request

URL = "http://cart.shop:8080/a?b=c&d"
PLACE = Place("shop", "web-1", "app")
HEAD = "HTTP/1.1 {status} X\\r\\nX-Responder: cart-1\\r\\n\\r\\n"

CURL = f"""printf '{HEAD}'; head -c 20000 /dev/zero | tr '\\\\0' x; printf '\\n@meshyard-probe@ {{status}} 0.012\\n' >&2"""
CURL_REFUSED = """echo "curl: (7) Failed to connect to cart.shop port 8080 after 3 ms: Couldn't connect to server" >&2
printf '\\n@meshyard-probe@ 000 0.003\\n' >&2; exit 7"""
FORTIO = f"""echo '{{{{"ts":1.5,"level":"info","msg":"Starting"}}}}' >&2; printf '{HEAD}hello'"""
FORTIO_REFUSED = """echo '{"ts":1.5,"level":"info","msg":"Starting"}' >&2
echo '{"ts":1.6,"level":"warn","msg":"[E] Unable to connect","err":"read 10.0.0.1:4711->10.0.0.2:8080: refused"}' >&2; exit 1"""
WGET = """test "$1" = --help && { echo '--max-redirect'; exit; }
printf '  HTTP/1.1 {status} X\\n  X-Responder: cart-1\\n' >&2; echo hello"""
WGET_REFUSED = """test "$1" = --help && { echo '--max-redirect'; exit; }
echo 'failed: Connection refused.' >&2; exit 4"""
BUSYBOX = """test "$1" = --help && { echo '-T SEC'; exit; }
echo 'wget: server returned error: HTTP/1.1 {status} X' >&2; exit 1"""


def told(text: str, status: int) -> str:
    return text.replace("{status}", str(status)).replace("{{", "{").replace("}}", "}")


class Container:
    """A folder of programs in which the script is run as in a container."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("sh", "head", "date", "tr", "cat"):
            (folder / name).symlink_to(shutil.which(name) or name)

    def add(self, name: str, body: str) -> None:
        """A client that notes its arguments."""
        path = self.folder / name
        path.write_text(f'#!{self.folder}/sh\nfor word in "$@"; do echo "$word"; done >>{self.folder}/arguments\n{body}\n')
        path.chmod(0o755)

    def run(self, request: Request, count: int = 2) -> str:
        command = [str(self.folder / "sh"), "-c", probe_exec.script(request, count)]
        return subprocess.run(command, check=True, env={"PATH": str(self.folder)}, capture_output=True, text=True, errors="replace").stdout

    @property
    def arguments(self) -> list[str]:
        return (self.folder / "arguments").read_text().splitlines()


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


def answers(container: Container, request: Request | None = None) -> tuple[str, list[Answer]]:
    output = container.run(request or Request(URL))
    client = output.partition("\n")[0]
    return client, probe_exec.parse(output, client)


@pytest.mark.parametrize("status", [200, 404, 503])
@pytest.mark.parametrize(("client", "body"), [("curl", CURL), ("fortio", FORTIO), ("wget", WGET)])
def test_every_client_gives_status_responder_and_time(container: Container, client: str, body: str, status: int) -> None:
    container.add(client, told(body, status))
    name, found = answers(container)
    assert name == client
    assert [one.status for one in found] == [status, status]
    assert [Naming().responder(one) for one in found] == ["cart-1", "cart-1"]
    assert all(one.seconds is not None and 0 <= one.seconds < 10 for one in found)


def test_of_curl_the_time_it_measured_itself_is_taken_and_a_long_answer_is_cut(container: Container) -> None:
    container.add("curl", told(CURL, 200))
    _client, found = answers(container)
    assert [one.seconds for one in found] == [0.012, 0.012]
    assert all(len(one.text) < 9000 for one in found)


@pytest.mark.parametrize(
    ("client", "body", "error"),
    [
        ("curl", CURL_REFUSED, "curl: (7) Failed to connect to cart.shop port 8080: Couldn't connect to server"),
        ("fortio", FORTIO_REFUSED, "[E] Unable to connect: read 10.0.0.1->10.0.0.2:8080: refused"),
        ("wget", WGET_REFUSED, "failed: Connection refused."),
        ("curl", "exit 6", "curl gave no answer and no reason"),
    ],
)
def test_no_answer_is_told_in_words_that_are_the_same_for_equal_failures(container: Container, client: str, body: str, error: str) -> None:
    container.add(client, body)
    _client, found = answers(container)
    assert [(one.status, one.error) for one in found] == [(None, error)] * 2


def test_the_status_that_busybox_complains_of_is_the_status(container: Container) -> None:
    container.add("wget", told(BUSYBOX, 503))
    assert [one.status for one in answers(container)[1]] == [503, 503]


def test_an_interim_answer_is_not_the_answer(container: Container) -> None:
    container.add("fortio", "printf 'HTTP/1.1 100 Continue\\r\\n\\r\\nHTTP/1.1 204 X\\r\\n\\r\\n'")
    assert [one.status for one in answers(container)[1]] == [204, 204]


def test_curl_is_preferred_then_python_then_fortio_then_wget(container: Container) -> None:
    for name in ("wget", "fortio", "python3", "curl"):
        container.add(name, "exit 0")
        assert container.run(Request(URL), 1).partition("\n")[0] == name


def test_a_container_without_a_client_says_so(container: Container) -> None:
    assert container.run(Request(URL)) == "none\n"


@pytest.mark.parametrize("client", ["curl", "fortio", "wget"])
def test_nothing_that_the_user_gives_is_taken_for_a_command(container: Container, client: str) -> None:
    container.add(client, "exit 0")
    awkward = {"x-note": 'it\'s $(touch oops) `id` "quoted"; rm'}
    container.run(Request("http://cart.shop/?q=$(touch oops)&r='x'", headers=awkward), 1)
    assert f"x-note: {awkward['x-note']}" in container.arguments
    assert container.arguments[-1] == "http://cart.shop/?q=$(touch oops)&r='x'"
    assert not (container.folder / "oops").exists()


def test_wget_is_not_used_for_what_it_cannot_do(container: Container) -> None:
    container.add("wget", "exit 0")
    assert container.run(Request(URL, method="POST")) == "none\n"
    assert container.run(Request(URL, resolve="10.0.0.1")) == "none\n"


def test_another_address_is_told_to_curl_and_fortio_in_their_own_words(container: Container) -> None:
    container.add("fortio", "exit 0")
    container.run(Request(URL, resolve="10.0.0.9"), 1)
    assert container.arguments[container.arguments.index("-resolve") + 1] == "10.0.0.9"
    container.add("curl", "exit 0")
    container.run(Request(URL, resolve="fd00::1"), 1)
    assert container.arguments[container.arguments.index("--connect-to") + 1] == "::[fd00::1]:"


def send(monkeypatch: pytest.MonkeyPatch, *outputs: Output) -> tuple[list[str], Any]:
    """Sends with a container that answers so, and tells which programs were started."""
    started, waiting = [], list(outputs)

    def run(_cluster: Cluster, _namespace: str, _pod: str, _container: str, command: list[str], **_further: Any) -> Output:
        started.append(command[0])
        return waiting.pop(0)

    monkeypatch.setattr(execution, "run", run)
    cluster = Cluster("central", None)  # type: ignore[arg-type]
    try:
        return started, probe_exec.send(cluster, PLACE, Request(URL), 1, lambda: None)
    except MeshyardError as problem:
        return started, problem


NOT_FOUND = Output("", "", None, 'exec: "sh": executable file not found in $PATH')
PYTHON = Output('{"status": 200, "seconds": 0.1, "text": "", "error": ""}\n', "", 0)


def test_a_container_without_a_shell_is_asked_for_python(monkeypatch: pytest.MonkeyPatch) -> None:
    started, (client, found) = send(monkeypatch, NOT_FOUND, PYTHON)
    assert (started, client, [one.status for one in found]) == (["sh", "python3"], "python3", [200])


def test_python_is_started_by_itself_where_the_shell_finds_it_first(monkeypatch: pytest.MonkeyPatch) -> None:
    started, (client, _found) = send(monkeypatch, Output("python3\n", "", 0), PYTHON)
    assert (started, client) == (["sh", "python3"], "python3")


@pytest.mark.parametrize("outputs", [(NOT_FOUND, NOT_FOUND), (Output("none\n", "", 0),)])
def test_a_container_without_any_client_is_named(monkeypatch: pytest.MonkeyPatch, outputs: tuple[Output, ...]) -> None:
    _started, problem = send(monkeypatch, *outputs)
    assert isinstance(problem, NoClient)
    assert "container app of pod shop/web-1 on cluster central" in problem.problem


def test_missing_answers_are_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    _started, problem = send(monkeypatch, Output("curl\n", "sh: out of memory", 137, "terminated with 137"))
    assert "curl gave 0 answers to 1 requests: sh: out of memory" in problem.problem
