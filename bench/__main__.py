"""The command line of the benchmark."""

from __future__ import annotations

import json
import sys

import click

from bench import decisions, simulation, startup
from bench.effort import QUICK, THOROUGH, Effort
from bench.machine import Machine
from bench.result import Result
from bench.workload import KINDS


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the tables as the documentation has them.")
@click.option("--quick", is_flag=True, help="Only see that it works; the numbers mean nothing.")
@click.option("--strict", is_flag=True, help="Exit with 1 if a mark is missed.")
def main(as_json: bool, as_markdown: bool, quick: bool, strict: bool) -> None:
    """Print how long kube9 takes for a decision, beside a plain loop over objects and the bare NumPy scan."""
    result = _measure(QUICK if quick else THOROUGH)
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
