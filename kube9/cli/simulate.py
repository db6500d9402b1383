"""``kube9 simulate``: one trace, some nodes, and the schedulers to compare on them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from kube9.cli.options import plugin_options, verbosity
from kube9.cli.output import output_option

if TYPE_CHECKING:
    from kube9.app import App
    from kube9.simulator.scenario import Scenario

__all__ = ["simulate"]


@click.command()
@plugin_options
@output_option
@click.option(
    "--trace", required=True, metavar="FILE", help="Pods to place; openb, OR-Library, SWF, or kube9's own format."
)
@click.option("--trace-format", metavar="NAME", help="The trace's reader, where it is not to be recognised by itself.")
@click.option(
    "--nodes",
    required=True,
    multiple=True,
    metavar="FILE|SPEC",
    help="A node file, 100xcpu=32,memory=128Gi, or auto:cpu=4 for one more whenever a pod fits on none; repeatable.",
)
@click.option(
    "--scheduler",
    "schedulers",
    multiple=True,
    default=("best-fit",),
    show_default=True,
    metavar="NAME[:KEY=VALUE,..]",
    help="A scheduler to compare; repeatable.",
)
@click.option("--queue", default="priority", show_default=True, metavar="NAME", help="The order of waiting pods.")
@click.option(
    "--devices", default="least-left", show_default=True, metavar="NAME", help="How a node's devices are chosen."
)
@click.option("--arrivals-only", is_flag=True, help="Ignore times: nothing departs, and what does not fit is dropped.")
@click.option(
    "--arrivals-first",
    is_flag=True,
    help="What comes at the moment something ends is queued first, not after it.",
)
@click.option("--until", metavar="TIME", help="End there, on the trace's clock; such as 36h.")
@click.option("--fail", metavar="MODEL|FILE", help="Let nodes break: mtbf=6h,mttr=10m, or a fault file.")
@click.option("--detect", metavar="TIME", help="From a node's failure until its pods move.  [default: 0s]")
@click.option(
    "--health",
    "healths",
    multiple=True,
    metavar="NAME[:KEY=VALUE,..]",
    help="Let nodes beat, and a health check find out what has failed; repeatable.",
)
@click.option(
    "--faults",
    "weather",
    metavar="NAME|FILE",
    help="How links are and what goes wrong, for --health: as --weather of `kube9 health compare`.",
)
@click.option("--seeds", metavar="N|A..B", help="Repeat with N seeds, 0 to N-1, or those from A to B.")
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes to spread the runs over."
)
@click.option("--report", metavar="FILE", help="Write a page with plots, one HTML file that needs no network.")
@click.option("--check", is_flag=True, help="Check every invariant after each step; slow.")
def simulate(app: App, output: str, jobs: int, report: str | None, **given: Any) -> None:
    """Place the pods of a trace by one or more schedulers, and compare.

    With --health a trace runs on whole machines: nodes beat over links, are suspected and given up, fence themselves
    and come back, and every scheduler is compared with every health check.

    Pods come and go at their times, unless the trace has none or --arrivals-only is given. Without --seeds there is one
    run, in the file's own order; with it the order is shuffled as far as times leave it open, and random schedulers and
    failures follow the seed.
    """
    from kube9.cli.comparison import show_comparison
    from kube9.cli.progress import progress_bar
    from kube9.simulator.report import Report
    from kube9.simulator.sweep import sweep

    page = None if report is None else Report.at(report)
    scenario = _scenario(app, with_series=page is not None, **given)
    quiet = verbosity(click.get_current_context()) < 0
    pods = sum(len(job.trace.arrivals) for job in scenario.jobs())
    with progress_bar("pods", pods, quiet=quiet) as progress:
        load = partial(_load_again, app.plugin_files, app.strict)
        results = sweep(scenario, app, processes=jobs, load=load, progress=progress)
    if page is not None:
        page.write(scenario, results)
    show_comparison(scenario, results, output, quiet=quiet)


def _scenario(app: App, **given: Any) -> Scenario:
    from kube9.core.errors import InvalidInput
    from kube9.simulator.chaos.weathers import weather
    from kube9.simulator.faultfile import parse_faults
    from kube9.simulator.nodespec import NodePlan, parse_nodes
    from kube9.simulator.scenario import Scenario, Told, parse_seeds

    healths = _healths(given)
    if given["detect"] is not None and given["fail"] is None:
        raise InvalidInput("--detect says how soon failures are noticed, but there are none without --fail")
    return Scenario(
        traces=app.read_trace(given["trace"], given["trace_format"]),
        plan=NodePlan.join(map(parse_nodes, given["nodes"])),
        schedulers=given["schedulers"],
        queue=given["queue"],
        devices=given["devices"],
        seeds=(None,) if given["seeds"] is None else parse_seeds(given["seeds"]),
        arrivals_only=given["arrivals_only"],
        arrivals_first=given["arrivals_first"],
        until_ms=_time("--until", given["until"]),
        faults=None if given["fail"] is None else parse_faults(given["fail"]),
        detect_ms=_time("--detect", given["detect"]) or 0,
        healths=healths,
        climate=weather(given["weather"] or "quiet"),
        check_steps=given["check"],
        with_series=given["with_series"],
        told=Told(
            trace=given["trace"],
            nodes=given["nodes"],
            fail=given["fail"],
            weather=given["weather"],
            command=_command(app),
        ),
    )


def _healths(given: Mapping[str, Any]) -> tuple[str, ...]:
    """The health checks to compare; with weather alone, the one that servers judge by."""
    from kube9.app import DEFAULT_HEALTH
    from kube9.core.errors import InvalidInput

    healths: tuple[str, ...] = given["healths"] or ((DEFAULT_HEALTH,) if given["weather"] is not None else ())
    if healths and given["detect"] is not None:
        other = "--health" if given["healths"] else "--faults"
        raise InvalidInput(
            f"--detect and {other} exclude each other: a failure is noticed after a fixed time, or found out by a "
            "health check; leave one of them out"
        )
    if healths and given["fail"] is None and given["weather"] is None:
        raise InvalidInput(
            "--health says how failures are found out, but there are none: say what fails with --fail MODEL|FILE, or "
            "with --faults NAME|FILE such as --faults flaky-links"
        )
    return healths


def _time(option: str, text: str | None) -> int | None:
    from kube9.core.errors import InvalidInput
    from kube9.files.fields import duration_ms

    try:
        return None if text is None else duration_ms(text)
    except InvalidInput as exc:
        raise InvalidInput(f"{option}: {exc}") from exc


def _command(app: App) -> str:
    """The command line, an option a line, as it may be pasted again; put together from what was understood of it."""
    ctx = click.get_current_context()
    given: list[tuple[str, Any]] = [("--plugin", file) for file in app.plugin_files]
    for option in ctx.command.params:
        if option.name not in ctx.params or ctx.get_parameter_source(option.name) is not ParameterSource.COMMANDLINE:
            continue
        value = ctx.params[option.name]
        given += [(option.opts[-1], one) for one in (value if isinstance(value, tuple) else (value,))]
    words = [[flag] if value is True else [flag, str(value)] for flag, value in given]
    return " \\\n  ".join(["kube9 simulate", *map(shlex.join, words)])


def _load_again(plugin_files: Sequence[str], strict: bool) -> App:
    """What another process does to have the plugins that this one has; what is odd about them this one has said."""
    from kube9.app import App
    from kube9.cli.logs import show_logs

    show_logs(-1)
    return App.load(plugin_files, strict)
