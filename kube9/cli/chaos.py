"""``kube9 chaos``: many clusters under weather, each decided by a seed, until one breaks."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kube9.cli.options import plugin_options, verbosity
from kube9.cli.progress import progress_bar

if TYPE_CHECKING:
    from kube9.app import App
    from kube9.simulator.chaos.runs import Chaos, Finding
    from kube9.simulator.chaos.world import Outcome

__all__ = ["chaos"]

#: How many runs a process is given at a time.
_CHUNK = 20
_MS_PER_HOUR = 3_600_000


@click.command()
@plugin_options
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The seed of the first run.")
@click.option("--runs", type=click.IntRange(min=1), default=100, show_default=True, help="How many, one seed each.")
@click.option("--scheduler", default="best-fit", show_default=True, metavar="NAME[:KEY=VALUE,..]", help="Who decides.")
@click.option("--queue", default="priority", show_default=True, metavar="NAME", help="The order of waiting pods.")
@click.option("--health", default="", metavar="NAME[:KEY=VALUE,..]", help="Who judges nodes.  [default: by the seed]")
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes to spread the runs over."
)
@click.option("--keep", metavar="FILE", help="Where to write a run that failed.  [default: chaos-SEED.json]")
@click.option("--replay", metavar="FILE", help="Run what such a file holds, and nothing else.")
def chaos(
    app: App,
    *,
    seed: int,
    runs: int,
    scheduler: str,
    queue: str,
    health: str,
    jobs: int,
    keep: str | None,
    replay: str | None,
) -> None:
    """Put whole clusters under weather, and see that what must hold does.

    In each run the core of the server, with a store and nodes that fence themselves, meets what the seed picks:
    machines that crash, stand still and reboot, links that lose, delay, repeat and cut, a server that is paused or
    killed. After every step the cluster checks itself, and no pod may run twice. Then all faults stop, and everything
    must come to rest. A run that fails is made smaller, as far as it still fails, and kept.
    """
    from kube9.app import DEFAULT_DEVICES
    from kube9.simulator.chaos.runs import Chaos, Finding, read_finding, write_finding

    one = Chaos(workbench=app, scheduler=scheduler, queue=queue, devices=DEFAULT_DEVICES, health=health)
    if replay is not None:
        seed, climate = read_finding(replay)
        _tell_one(one.run(seed, climate))
        return
    faults: Counter[str] = Counter()
    starts = virtual_ms = done = calm_ms = 0
    with progress_bar("runs", runs, quiet=verbosity(click.get_current_context()) < 0) as progress:
        for found in _all(app, one, range(seed, seed + runs), jobs):
            if isinstance(found, Finding):
                break
            done += 1
            faults.update(found.faults)
            starts, virtual_ms = starts + found.starts, virtual_ms + found.virtual_ms
            calm_ms = max(calm_ms, found.calm_ms)
            progress(1)
    if isinstance(found, Finding):
        file = keep or f"chaos-{found.seed}.json"
        write_finding(file, found, _commit())
        _tell_finding(found, file)
        sys.exit(1)
    struck = ", ".join(f"{count:,} x {kind}" for kind, count in sorted(faults.items()))
    click.echo(f"{done:,} runs from seed {seed} held: {virtual_ms / _MS_PER_HOUR:,.1f} h of virtual time")
    click.echo(f"{starts:,} copies of pods were started, and no pod ever ran twice")
    click.echo(f"faults: {struck or 'none'}")
    click.echo(f"the longest way back to rest took {calm_ms / 1000:.1f} s")


def _all(app: App, one: Chaos, seeds: range, jobs: int) -> Iterator[Outcome | Finding]:
    """What came of each seed, in order."""
    if jobs == 1:
        yield from map(one.find, seeds)
        return
    find = partial(_find, app.plugin_files, app.strict, one.scheduler, one.queue, one.devices, one.health)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_begin) as pool:
        try:
            yield from pool.map(find, seeds, chunksize=_CHUNK)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """In a worker: it ends with the parent, and leaves Ctrl-C to it."""
    from kube9.simulator.orphans import end_with_the_parent

    end_with_the_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _find(
    plugin_files: tuple[str, ...], strict: bool, scheduler: str, queue: str, devices: str, health: str, seed: int
) -> Outcome | Finding:
    from kube9.simulator.chaos.runs import Chaos

    workbench = _app(plugin_files, strict)
    return Chaos(workbench=workbench, scheduler=scheduler, queue=queue, devices=devices, health=health).find(seed)


#: The app of this process, for as long as it is asked for the same plugins.
_apps: dict[tuple[tuple[str, ...], bool], App] = {}


def _app(plugin_files: tuple[str, ...], strict: bool) -> App:
    from kube9.app import App

    key = (plugin_files, strict)
    if key not in _apps:
        _apps[key] = App.load(plugin_files, strict)
    return _apps[key]


def _commit() -> str:
    """The commit of the code that ran, where it runs from a checkout; else its version."""
    import kube9

    here = Path(kube9.__file__).parent
    asked = ["git", "-C", str(here), "rev-parse", "HEAD"]
    try:
        return subprocess.run(asked, capture_output=True, check=True, text=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return kube9.__version__


def _tell_finding(found: Finding, file: str) -> None:
    click.echo(f"seed {found.seed} broke it (at {_commit()}):", err=True)
    click.echo(found.error, err=True)
    climate = found.climate
    faults = climate.faults
    click.echo(
        f"the smallest run that fails, of {found.tried} that were tried: {climate.nodes} nodes, {climate.pods} pods, "
        f"{climate.storm_ms / 1000:.0f} s of {', '.join(faults) or 'no faults'}",
        err=True,
    )
    click.echo(f"see it again: kube9 chaos --replay {file}", err=True)


def _tell_one(outcome: Outcome) -> None:
    click.echo(f"seed {outcome.seed} held: {outcome.starts} starts in {outcome.virtual_ms / 1000:.0f} s")
