"""The command line of the benchmark."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import click

from bench import decisions, simulation, startup
from bench.effort import QUICK, THOROUGH, Effort
from bench.machine import Machine
from bench.marks import Mark
from bench.result import Result
from bench.workload import KINDS


class Printed(Protocol):
    """What can be shown in each way."""

    @property
    def marks(self) -> Sequence[Mark]: ...
    def text(self) -> str: ...
    def markdown(self) -> str: ...
    def json(self) -> dict[str, Any]: ...


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """What every command takes."""
    for option in (
        click.option("--strict", is_flag=True, help="Exit with 1 if a mark is missed."),
        click.option("--quick", is_flag=True, help="Only see that it works; the numbers mean nothing."),
        click.option("--markdown", "as_markdown", is_flag=True, help="Print the tables as the documentation has them."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@_options
@click.pass_context
def main(ctx: click.Context, /, quick: bool, **shown: bool) -> None:
    """Print how long kube9 takes for a decision, beside a plain loop over objects and the bare NumPy scan."""
    if ctx.invoked_subcommand is None:
        _show(_measure(QUICK if quick else THOROUGH), **shown)


@main.command()
@_options
def server(quick: bool, **shown: bool) -> None:
    """Print how fast the server is, beside the same web server answering a constant and the bare store.

    And what nodes that beat cost it, and how soon the pods of one that dies run elsewhere.
    """
    from bench.server.effort import QUICK, THOROUGH
    from bench.server.measuring import measure

    _show(measure(QUICK if quick else THOROUGH, _say), **shown)


@main.command()
@_options
def docker(quick: bool, **shown: bool) -> None:
    """Print how fast containers are there, beside docker-py with nothing around it and beside Docker Swarm.

    And how soon the pods of a node that dies run elsewhere. All on the engine of DOCKER_HOST or of this machine.
    """
    from bench.containers.effort import QUICK, THOROUGH
    from bench.containers.measuring import Unmeasurable, measure

    try:
        result = measure(QUICK if quick else THOROUGH, _say)
    except Unmeasurable as exc:
        raise click.ClickException(str(exc)) from None
    _show(result, **shown)


@main.command()
@_options
def ssh(quick: bool, **shown: bool) -> None:
    """Print how fast machines join, and how fast their pods start beside a command of bare ssh.

    And what an agent weighs. The machines are sshd processes that it starts, all on this computer.
    """
    from bench.ssh.effort import QUICK, THOROUGH
    from bench.ssh.measuring import Unmeasurable, measure

    try:
        result = measure(QUICK if quick else THOROUGH, _say)
    except Unmeasurable as exc:
        raise click.ClickException(str(exc)) from None
    _show(result, **shown)


def _show(result: Printed, *, as_json: bool, as_markdown: bool, strict: bool) -> None:
    if as_json:
        print(json.dumps(result.json(), indent=2))
    elif as_markdown:
        print(result.markdown())
    else:
        print(result.text())
    if strict and not all(mark.met for mark in result.marks):
        sys.exit(1)


def _measure(effort: Effort) -> Result:
    machine = Machine.this()
    measured = []
    for nodes in effort.nodes:
        for kind in KINDS:
            _say(f"{nodes:,} nodes, {kind}")
            measured.append(decisions.measure(kind, nodes, effort))
    _say("simulations")
    simulations = simulation.measure(effort.simulated_pods)
    _say("start-up")
    start_up = startup.measure(effort.start_up_runs)
    return Result(machine=machine, decisions=tuple(measured), simulations=simulations, start_up=start_up)


def _say(what: str) -> None:
    print(f"{what} ...", file=sys.stderr)


if __name__ == "__main__":
    main()
