# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Requests from inside a container, with whichever HTTP client it has."""

from __future__ import annotations

import json
import math
import pkgutil
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field

from ..._cluster import exec as execution
from ..._cluster.connect import Cluster
from ..._errors import MeshyardError
from ..._plan.gate.traffic import Answer

_MARK = "@meshyard-probe@"
_LIMIT = 8192  # bytes of an answer that are looked at
# What differs from one failed request to the next, and would keep equal ones from being counted together.
_VARYING = re.compile(r":\d+(?=->)| after \d+ (ms|milliseconds)")
_STARTING_SECONDS = 30.0
# Only GNU's wget repeats and follows, and only it knows how to be told not to; a small busybox has no time limit either.
_GNU_WGET = "-nv --tries=1 --max-redirect=0 --content-on-error"
_STATUS = re.compile(r"(?m)(?:^\s*|server returned error: )HTTP/[\d.]+ (\d{3})")
_MEASURED = re.compile(rf"{_MARK} (\d+) ([\d.,]+)\n?")
_TURN = re.compile(rf"\n?{_MARK} end ([\d.]*) ([\d.]*)\n")


@dataclass(frozen=True)
class Request:
    """What is sent.

    :ivar count: how many requests. :ivar concurrency: how many at a time.
    :ivar timeout: seconds for one request.
    :ivar resolve: the address to connect to in place of the name in the URL.
    """

    url: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    count: int = 10
    concurrency: int = 1
    timeout: float = 5.0
    tls_verify: bool = True
    resolve: str | None = None


@dataclass(frozen=True)
class Place:
    """The container that sends."""

    namespace: str
    pod: str
    container: str

    def __str__(self) -> str:
        return f"container {self.container} of pod {self.namespace}/{self.pod}"


class NoClient(MeshyardError):
    """The container has no HTTP client that is known here."""

    code = "no_client"


def send(cluster: Cluster, place: Place, request: Request, count: int, alive: Callable[[], None]) -> tuple[str, list[Answer]]:
    """Sends requests one after the other and returns the client's name and the answers.

    :raises NoClient: the container has neither a shell with a client nor Python.
    """
    timeout = _STARTING_SECONDS + count * (request.timeout + 1)

    def run(*command: str) -> execution.Output:
        return execution.run(cluster, place.namespace, place.pod, place.container, command, timeout=timeout, alive=alive)

    output = run("sh", "-c", script(request, count))
    client = output.stdout.partition("\n")[0].strip()
    if client == "python3" or output.code is None:  # with Python, or without a shell to look for anything else
        output, client = run(*python(request, count)), "python3"
    if output.code is None or client == "none":
        raise NoClient(
            f"The {place} on cluster {cluster.name} has no HTTP client: none of curl, python3, fortio, wget could be started.",
            "Name another container, or an image for an ephemeral container, that has one of them.",
        )
    answers = parse_python(output.stdout) if client == "python3" else parse(output.stdout, client)
    if len(answers) != count:
        reason = (output.stderr.strip() or output.failure or f"exit status {output.code}").splitlines()[-1]
        raise MeshyardError(
            f"In {place} on cluster {cluster.name}, {client} gave {len(answers)} answers to {count} requests: {reason}.",
            "Try the same request with that client by kubectl exec.",
        )
    return client, answers


def python(request: Request, count: int) -> list[str]:
    """The command that runs our own client in the container's Python."""
    source = pkgutil.get_data(__package__, "http_client.py") or b""
    arguments = {
        "url": request.url,
        "method": request.method,
        "headers": request.headers,
        "timeout": request.timeout,
        "tls_verify": request.tls_verify,
        "resolve": request.resolve,
    }
    return ["python3", "-c", source.decode(), json.dumps(arguments), str(count)]


def script(request: Request, count: int) -> str:
    """A shell script that takes the first client it finds, and marks where each answer ends and when.

    The name of the client is its first line. Of python3 it says no more: that is started by itself.
    """
    clients = {"curl": _curl(request), "python3": None, "fortio": _fortio(request), "wget": _wget(request)}
    found = "\n".join(f"command -v {name} >/dev/null 2>&1 && c={name} && return" for name, line in clients.items() if line != "")
    cases = "\n".join(f"{name}) {line};;" for name, line in clients.items() if line)
    seconds = math.ceil(request.timeout)
    return f"""
find() {{
{found}
}}
now() {{
t=$(date +%s.%N 2>/dev/null)
case $t in *.[0-9]*) ;; *) t=; read -r t u 2>/dev/null </proc/uptime;; esac
echo "$t"
}}
exec 3>&1
c=none; find; echo "$c"
case $c in none|python3) exit 0;; esac
case $(wget --help 2>&1) in *--max-redirect*) w="{_GNU_WGET} -T {seconds}";; *"-T SEC"*) w="-q -T {seconds}";; *) w=-q;; esac
i=0
while [ $i -lt {count} ]; do
i=$((i+1)); m=; b=$(now)
case $c in
{cases}
esac
printf '\\n%s\\n{_MARK} end %s %s\\n' "$m" "$b" "$(now)"
done
"""


def _curl(request: Request) -> str:
    """curl measures for itself; it writes that past the limit on its output, where the script picks it up."""
    words = ["curl", "-sSi", "--max-time", f"{request.timeout:g}", "-X", request.method]
    words += ["-w", f"%{{stderr}}\n{_MARK} %{{http_code}} %{{time_total}}\n"]
    if request.method == "HEAD":
        words += ["-I"]
    if not request.tls_verify:
        words += ["-k"]
    if request.resolve:
        words += ["--connect-to", f"::{_bracketed(request.resolve)}:"]
    return f"m=$({{ {shlex.join([*words, *_headers('-H', request), request.url])} | head -c {_LIMIT} >&3; }} 2>&1)"


def _fortio(request: Request) -> str:
    words = ["fortio", "curl", "-timeout", f"{request.timeout:g}s", "-X", request.method]
    if not request.tls_verify:
        words += ["-k"]
    if request.resolve:
        words += ["-resolve", request.resolve]
    return f"{shlex.join([*words, *_headers('-H', request), request.url])} 2>&1 | head -c {_LIMIT}"


def _wget(request: Request) -> str:
    """wget, which in busybox can neither use other methods nor be told an address; empty where it cannot do it."""
    if request.method != "GET" or request.resolve:
        return ""
    words = ["-S", "-O", "-"]
    if not request.tls_verify:
        words += ["--no-check-certificate"]
    return f"wget $w {shlex.join([*words, *_headers('--header', request), request.url])} 2>&1 | head -c {_LIMIT}"


def _headers(option: str, request: Request) -> list[str]:
    return [word for name, value in request.headers.items() for word in (option, f"{name}: {value}")]


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def parse(output: str, client: str) -> list[Answer]:
    """The answers in the script's output."""
    _first, _newline, rest = output.partition("\n")
    pieces = _TURN.split(rest)
    return [_answer(text, begin, end, client) for text, begin, end in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=False)]


def parse_python(output: str) -> list[Answer]:
    """The answers that our own client printed, one JSON object a line."""
    return [Answer(**json.loads(line)) for line in output.splitlines() if line.startswith("{")]


def _answer(text: str, begin: str, end: str, client: str) -> Answer:
    measured = _MEASURED.search(text)
    text = _MEASURED.sub("", text)
    statuses = [int(found) for found in _STATUS.findall(text) if not found.startswith("1")]
    status = int(measured.group(1)) if measured else (statuses[0] if statuses else 0)
    if not status:
        return Answer(None, None, "", _complaint(text, client))
    if measured:
        return Answer(status, float(measured.group(2).replace(",", ".")), text)
    return Answer(status, float(end) - float(begin) if begin and end else None, text)


def _complaint(text: str, client: str) -> str:
    """The client's own words for what went wrong, in one line."""
    lines = [_message(line.strip()) for line in text.splitlines()]
    return next((_VARYING.sub("", line)[:200] for line in lines if line), f"{client} gave no answer and no reason")


def _message(line: str) -> str:
    """A line of output; of a line of fortio's log the message, unless it only informs."""
    if not line.startswith('{"ts"'):
        return line
    try:
        logged = json.loads(line)
    except ValueError:
        return line
    messages = [str(logged[key]) for key in ("msg", "err") if logged.get(key)]
    return "" if logged.get("level") == "info" else ": ".join(messages)
