"""Health checks side by side, each under the same weather."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from attrs import frozen

from kube9.core.watch import usual_watch
from kube9.simulator.chaos.measured import MeasuredWorld, Measures, Tally, sum_up
from kube9.simulator.chaos.runs import Workbench
from kube9.simulator.chaos.weather import Climate

__all__ = ["Row", "compare", "plot"]


@frozen
class Row:
    """One health check under one weather."""

    weather: str
    health: str
    measures: Measures


def compare(
    workbench: Workbench,
    weathers: Mapping[str, Climate],
    checks: Sequence[str],
    *,
    scheduler: str,
    queue: str,
    devices: str,
    seeds: int,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Row]:
    """Every check under every weather, with ``seeds`` runs each.

    :raises InvariantViolation: a pod ran twice, or the cluster contradicts itself.
    """
    for name, climate in weathers.items():
        for check in checks:
            tallies = []
            for seed in range(seeds):
                tallies.append(_run(workbench, climate, check, scheduler, queue, devices, seed))
                progress(1)
            yield Row(name, check, sum_up(tallies))


def _run(
    workbench: Workbench, climate: Climate, check: str, scheduler: str, queue: str, devices: str, seed: int
) -> Tally:
    world = MeasuredWorld(
        seed,
        climate=climate,
        make_cluster=lambda: workbench.make_cluster(
            scheduler=scheduler, queue=queue, devices=devices, seed=seed, settings=None
        ),
        make_watch=lambda: usual_watch(workbench.make_health_check(check)),
        # Each step is looked at by `kube9 chaos`; here it is the sum that counts.
        check=False,
    )
    world.run()
    world.office.cluster.check()
    return world.finish()


def plot(rows: Sequence[Row], file: str) -> None:
    """Draw what each check cost, and how often it was wrong.

    :param file: an SVG, or whatever matplotlib knows the name of.
    """
    from matplotlib.figure import Figure

    checks = list(dict.fromkeys(row.health for row in rows))
    weathers = list(dict.fromkeys(row.weather for row in rows))
    figure = Figure(figsize=(10, 4.6), layout="constrained")
    shown: tuple[tuple[str, Callable[[Measures], float]], ...] = (
        ("pods not running, % of the time", lambda told: 100 * told.downtime),
        ("false suspicions a node-day", lambda told: told.false_suspicions),
    )
    width = 0.8 / len(checks)
    for axes, (title, value) in zip(figure.subplots(1, 2), shown, strict=True):
        for number, check in enumerate(checks):
            mine = {row.weather: row.measures for row in rows if row.health == check}
            at = [index + (number - (len(checks) - 1) / 2) * width for index in range(len(weathers))]
            axes.bar(at, [value(mine[name]) for name in weathers], width, label=check)
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_xticks(range(len(weathers)), weathers, rotation=35, ha="right")
        axes.set_yscale("symlog", linthresh=1)
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=len(checks), frameon=False)
    figure.savefig(file)
