"""The command line of the lab."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from lab import checks, cleanup, cluster, loadbalancer, network, status
from lab.addresses import PLANS, Plan, chosen
from lab.cluster import Step
from lab.paths import LAB, LabError
from lab.prepare import prepare

LOCK = LAB / "lock"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it succeeded, 2 with one sentence on stderr when it could not."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; run the same command again to continue", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of every command."""
    top = argparse.ArgumentParser(prog="python -m lab", description="Real Kubernetes clusters on this machine.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    for name, run, text in (
        ("up", up, "Prepare what is missing and start the clusters; changes nothing when they run."),
        ("down", down, "Stop the clusters and remove every trace of them but images and logs."),
        ("status", show, "Show what runs."),
        ("loadbalancer", balance, "Give LoadBalancer Services addresses (started by `up`)."),
    ):
        names = ",".join(plan.name for plan in PLANS)
        command(name, run, text).add_argument("--clusters", metavar="NAMES", help=f"comma-separated; default {names}")
    env = command("env", tell, "Print shell settings for the running clusters, or all about them as JSON.")
    env.add_argument("--json", action="store_true")
    command("prepare", ready, "Download and build everything, start nothing.")
    net = command("network", connect, "Let pods of the clusters reach each other, or not.")
    net.add_argument("kind", choices=["flat", "separate"])
    return top


def up(options: argparse.Namespace) -> None:
    """Start what does not run."""
    began = time.monotonic()
    plans = chosen(options.clusters)
    with _alone():
        prepare(say)
        if steps := [step for plan in plans for step in cluster.steps(plan)]:
            try:
                run(steps)
            finally:
                status.write_merged_kubeconfig()
            say(status.table(plans))
        names = " and ".join(plan.name for plan in plans)
        say(f"{names}: {'up' if steps else 'running already, nothing to do'} ({time.monotonic() - began:.1f} s)")


def down(options: argparse.Namespace) -> None:
    """Stop and remove, whatever state they are in."""
    began = time.monotonic()
    plans = chosen(options.clusters)
    with _alone():
        run([Step(f"{plan.name}: stopping", partial(cleanup.clear, plan)) for plan in plans])
        cleanup.clear_shared()
        status.write_merged_kubeconfig()
        say(f"{' and '.join(plan.name for plan in plans)}: down ({time.monotonic() - began:.1f} s)")


def ready(options: argparse.Namespace) -> None:
    """Prepare only."""
    with _alone():
        prepare(say)


def show(options: argparse.Namespace) -> None:
    """The table of clusters."""
    say(status.table(chosen(options.clusters)))


def tell(options: argparse.Namespace) -> None:
    """Settings for a shell, or JSON."""
    say(json.dumps(status.environment(PLANS), indent=1) if options.json else status.exports())


def connect(options: argparse.Namespace) -> None:
    """Join or separate the pods of the clusters."""
    with _alone():
        network.flat(options.kind == "flat")
    say(f"The clusters' pods are on {'one flat network' if options.kind == 'flat' else 'separate networks'}.")


def balance(options: argparse.Namespace) -> None:
    """The loop behind LoadBalancer Services of one cluster."""
    plan: Plan = chosen(options.clusters)[0]
    loadbalancer.run(plan, cluster.client(plan))


def run(steps: Sequence[Step]) -> None:
    """Run steps in order, each with a line and its time."""
    for number, step in enumerate(steps, start=1):
        began = time.monotonic()
        step.action()
        say(f"stage {number} of {len(steps)}: {step.title} ({time.monotonic() - began:.1f} s)")


def say(text: str) -> None:
    """A line for the user, seen at once."""
    print(text, flush=True)


@contextmanager
def _alone() -> Iterator[None]:
    """Keep two commands from changing the lab at once."""
    checks.check_user(os.geteuid())
    LAB.mkdir(exist_ok=True)
    with LOCK.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another command of the lab to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
