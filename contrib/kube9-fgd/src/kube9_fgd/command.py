"""``kube9 fgd``: the paper's experiment, and its parts for those who make one of their own."""

from __future__ import annotations

import re
from pathlib import Path

import click

from kube9_fgd.arrivals import NODES_FILE, PODS_FILE, write_run
from kube9_fgd.experiment import DEMAND_PERCENT, POLICIES, Experiment, Run, RunFailed
from kube9_fgd.podlist import read_nodes, read_pods
from kube9_fgd.table import Table, read_published

__all__ = ["fgd"]

_LISTS = ("default", "gpushare40", "gpuspec33")
_EXISTING = click.Path(exists=True, path_type=Path)
_SEEDS = re.compile(r"(\d+)(?:\.\.(\d+))?", re.ASCII)


class _Seeds(click.ParamType[range]):
    name = "A..B"

    def convert(self, value: str | range, param: click.Parameter | None, ctx: click.Context | None) -> range:
        if isinstance(value, range):
            return value
        match = _SEEDS.fullmatch(value)
        seeds = range(0) if match is None else range(int(match[1]), int(match[2] or match[1]) + 1)
        if not seeds:
            self.fail(f"expected a seed such as 42, or a range such as 42..51, got {value!r}", param, ctx)
        return seeds


@click.group()
def fgd() -> None:
    """Repeat the experiment of the FGD paper (USENIX ATC '23)."""


@fgd.command()
@click.option(
    "--data",
    required=True,
    type=_EXISTING,
    metavar="DIR",
    help="A folder with openb/, the lists of the trace, and fgd/published.csv, if the published figures are there.",
)
@click.option("--list", "lists", multiple=True, default=_LISTS, show_default=True, help="A pod list; repeatable.")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    type=click.Choice(tuple(POLICIES)),
    default=tuple(POLICIES),
    show_default=True,
    help="A policy, as the paper calls it; repeatable.",
)
@click.option("--seeds", type=_Seeds(), default="42..51", show_default=True, help="The orders of pods and nodes.")
@click.option(
    "--percent",
    "percents",
    multiple=True,
    type=click.IntRange(1, DEMAND_PERCENT),
    default=(100, DEMAND_PERCENT),
    show_default=True,
    help="When so much of all GPU was asked for; repeatable.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="How many processes at once.")
@click.option("--markdown", is_flag=True, help="Print the table for a page.")
def table(
    data: Path,
    lists: tuple[str, ...],
    policies: tuple[str, ...],
    seeds: range,
    percents: tuple[int, ...],
    jobs: int,
    markdown: bool,
) -> None:
    """Print the allocated share of all GPU, beside the published one."""
    openb, figures = data / "openb", data / "fgd" / "published.csv"
    experiment = Experiment(
        pod_lists=[openb / f"openb_pod_list_{name}.csv" for name in lists],
        node_list=openb / "openb_node_list_gpu_node.csv",
        seeds=seeds,
        policies=policies,
    )
    try:
        published = read_published(figures) if figures.exists() else {}
        made = Table.of(experiment.runs(jobs, _say), percents, published)
    except (ValueError, RunFailed) as exc:
        raise click.ClickException(str(exc)) from exc
    click.echo(made.markdown() if markdown else made.text())
    if farthest := made.farthest():
        told = ", ".join(f"{policy} {difference:+.2f}" for policy, difference in farthest.items())
        click.echo(f"\nFarthest from what is published, in percentage points: {told}.")


def _say(run: Run) -> None:
    click.echo(f"{run.pod_list.stem}, seed {run.seed}: done", err=True)


@fgd.command()
@click.option("--pods", "pod_list", required=True, type=_EXISTING, metavar="FILE", help="A pod list of the trace.")
@click.option("--nodes", "node_list", required=True, type=_EXISTING, metavar="FILE", help="Its node list.")
@click.option("--seed", type=int, default=42, show_default=True, help="Decides the orders, and who comes again.")
@click.option(
    "--percent",
    type=click.IntRange(min=1),
    default=DEMAND_PERCENT,
    show_default=True,
    help="How much GPU is asked for in the end, of what there is; never less than by the whole list.",
)
@click.option("--to", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Where the files go.")
def prepare(pod_list: Path, node_list: Path, seed: int, percent: int, to: Path) -> None:
    """Write the pods and nodes of one run, for `kube9 simulate --arrivals-only`."""
    try:
        write_run(to, read_pods(pod_list), read_nodes(node_list), seed=seed, percent=percent)
    except (OSError, ValueError) as exc:
        raise click.ClickException(str(exc)) from exc
    click.echo(f"wrote {to / PODS_FILE} and {to / NODES_FILE}", err=True)
