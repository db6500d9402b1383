"""``kube9 demo``: a small cluster in this process, and one sees it happen."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kube9.cli.options import plugin_options

if TYPE_CHECKING:
    from kube9.app import App
    from kube9.simulator.demo import Demo

__all__ = ["demo"]


@click.command()
@plugin_options
@click.option("--scheduler", default="best-fit", show_default=True, metavar="NAME[:KEY=VALUE,..]", help="Who decides.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Another seed, other pods.")
def demo(app: App, scheduler: str, seed: int) -> None:
    """Run a small cluster in this process: nodes join, pods land, one node dies.

    Its pods move, and one sees it happen: for some ten seconds on a terminal, elsewhere at once and line by line.
    """
    from rich.console import Console

    from kube9.app import DEFAULT_DEVICES, DEFAULT_QUEUE
    from kube9.simulator.demo import Demo

    shown = Demo(app, scheduler=scheduler, queue=DEFAULT_QUEUE, devices=DEFAULT_DEVICES, seed=seed)
    console = Console()
    if sys.stdout.isatty() and not console.is_dumb_terminal:
        from kube9.cli.demoscreen import show_live

        show_live(shown, console)
    else:
        _print_lines(shown)
    for line in _summary(shown):
        click.echo(line)


def _print_lines(shown: Demo) -> None:
    from kube9.cli.story import Story

    story = Story()
    while shown.next_at_ms is not None:
        for event in shown.step():
            if sentence := story.tell(event):
                click.echo(f"{event.at_ms / 1000:5.1f}s  {sentence}")


def _summary(shown: Demo) -> list[str]:
    """What one has seen, and where to go on."""
    recorder = shown.recorder
    died = "No node" if shown.died is None else shown.died.name
    used, running = len(recorder.pods_on), sum(recorder.pods_on.values())
    return [
        "",
        f"{shown.scheduler} placed {recorder.placed} of {shown.pods} pods on {used} of {recorder.nodes} nodes.",
        f"{died} died with {shown.orphans} pods; {recorder.moves} moved.",
        f"At the end {running} pods run, {recorder.finished} are done, {shown.cluster.waiting} wait.",
        "",
        "Next: kube9 demo --scheduler worst-fit, kube9 simulate --help, kube9 plugins",
    ]
