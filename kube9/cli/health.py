"""``kube9 health``: how nodes are judged by their beats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kube9.cli.noun import Noun
from kube9.cli.options import plugin_options, verbosity
from kube9.cli.output import output_option

if TYPE_CHECKING:
    from kube9.app import App
    from kube9.heartbeats.beatfile import Recording
    from kube9.heartbeats.replay import Outcome

__all__ = ["health"]

#: Beats that come more often or seldom than they were asked for by this factor say that the interval is another.
_OFF = 1.5


@click.group(cls=Noun)
def health() -> None:
    """Choose how nodes are judged by their beats: by what was recorded of some, or by simulated ones."""


@health.command("compare", cls=click.Command)
@plugin_options
@output_option
@click.option(
    "--weather",
    "weathers",
    multiple=True,
    metavar="NAME|FILE",
    help="What goes wrong: a name or a YAML file; repeatable.  [default: every name]",
)
@click.option(
    "--health",
    "checks",
    multiple=True,
    default=("heartbeat", "phi-accrual"),
    show_default=True,
    metavar="NAME[:KEY=VALUE,..]",
    help="A health check to judge by; repeatable.",
)
@click.option("--scheduler", default="best-fit", show_default=True, metavar="NAME[:KEY=VALUE,..]", help="Who decides.")
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Runs of each, one seed each.")
@click.option("--plot", "picture", metavar="FILE", help="Draw it as well: an SVG, PNG or PDF.")
def compare(
    app: App,
    *,
    output: str,
    weathers: tuple[str, ...],
    checks: tuple[str, ...],
    scheduler: str,
    seeds: int,
    picture: str | None,
) -> None:
    """Let health checks judge simulated nodes under the same weather, and compare.

    Each run is a whole cluster: server, nodes that beat and fence themselves, pods, and links and machines that go
    wrong as the weather says. It is told how soon crashed nodes were found out, how often nodes were suspected or given
    up that were fine, how often pods moved, and for how much of the time they did not run.
    """
    from kube9.app import DEFAULT_DEVICES, DEFAULT_QUEUE
    from kube9.cli.healthtable import show_rows
    from kube9.cli.progress import progress_bar
    from kube9.simulator.chaos import compare as comparing
    from kube9.simulator.chaos.weathers import WEATHERS, weather

    asked = {name: weather(name) for name in weathers or WEATHERS}
    for check in checks:
        app.make_health_check(check)  # what is wrong with one is told before anything runs
    quiet = verbosity(click.get_current_context()) < 0
    with progress_bar("runs", len(asked) * len(checks) * seeds, quiet=quiet) as progress:
        rows = list(
            comparing.compare(
                app,
                asked,
                checks,
                scheduler=scheduler,
                queue=DEFAULT_QUEUE,
                devices=DEFAULT_DEVICES,
                seeds=seeds,
                progress=progress,
            )
        )
    if picture is not None:
        comparing.plot(rows, picture)
    show_rows(rows, output)


@health.command("replay", cls=click.Command)
@plugin_options
@output_option
@click.argument("file")
@click.option(
    "--health",
    "checks",
    multiple=True,
    default=("heartbeat", "phi-accrual"),
    show_default=True,
    metavar="NAME[:KEY=VALUE,..]",
    help="A health check to judge by; repeatable.",
)
def replay(app: App, output: str, file: str, checks: tuple[str, ...]) -> None:
    """Judge the nodes of a recording by one or more health checks, and compare.

    FILE is a CSV with a line for each beat: node,at_ms,event. The lines 'down' say when a node crashed, so that it is
    known how soon each check noticed, and which suspicions were false.
    """
    from kube9.cli.healthtable import show_outcomes
    from kube9.heartbeats.beatfile import read_beats
    from kube9.heartbeats.judge import Judge
    from kube9.heartbeats.replay import replay

    judges = {step: Judge(app.make_health_check(step)) for step in checks}
    recording = read_beats(file)
    outcomes = {step: replay(recording, judge) for step, judge in judges.items()}
    show_outcomes(recording, outcomes, output)
    if output == "table" and verbosity(click.get_current_context()) >= 0:
        _note_other_intervals(recording, outcomes)


def _note_other_intervals(recording: Recording, outcomes: dict[str, Outcome]) -> None:
    """Warn of health checks that were not told how often these nodes beat."""
    gap_ms = recording.usual_gap_ms
    for step, outcome in outcomes.items():
        if gap_ms and not 1 / _OFF <= gap_ms / outcome.interval_ms <= _OFF:
            click.echo(
                f"Note: nodes of {recording.path} beat every {gap_ms:.0f} ms; {step} is for every "
                f"{outcome.interval_ms} ms, unless its interval_ms says otherwise.",
                err=True,
            )
