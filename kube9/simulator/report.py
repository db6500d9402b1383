"""A report: one HTML file with the table, the plots and what made them, that opens without a network."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from attrs import frozen

from kube9 import __version__
from kube9.core.errors import InvalidInput, MissingExtra
from kube9.files.text import stem
from kube9.simulator.notes import gathered
from kube9.simulator.result import RunResult
from kube9.simulator.scenario import Scenario
from kube9.simulator.summary import Comparison, shown_time

__all__ = ["Report"]


@frozen
class Report:
    """Where a report is to be written; making one checks whatever can be checked before there are results."""

    path: Path

    @classmethod
    def at(cls, path: str) -> Report:
        """A report to be written to ``path``.

        :raises MissingExtra: what draws the plots is not installed.
        :raises InvalidInput: no file can be written there.
        """
        if find_spec("matplotlib") is None:
            raise MissingExtra("--report draws with matplotlib, which is not installed: pip install 'kube9[simulate]'")
        target = Path(path)
        if not target.parent.is_dir():
            raise InvalidInput(f"--report: there is no directory {str(target.parent)!r}")
        if target.is_dir():
            raise InvalidInput(f"--report: {path!r} is a directory; expected the name of a file to write")
        if not os.access(target.parent, os.W_OK):
            raise InvalidInput(f"--report: the directory {str(target.parent)!r} cannot be written to")
        return cls(target)

    def write(self, scenario: Scenario, results: Sequence[RunResult]) -> None:
        """Write the report; a file that was there before is replaced by the whole new one, or not at all."""
        page = render(scenario, results)
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(page)
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(self.path)
        except BaseException:
            temporary.unlink()
            raise


def render(scenario: Scenario, results: Sequence[RunResult]) -> str:
    """The page as text."""
    # Loaded here: whoever wants no report should not wait for them.
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    from kube9.simulator.drawing import COLOURS, DASHES
    from kube9.simulator.plots import plots_of

    folder = files("kube9.simulator")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(folder.joinpath("report.html.j2").read_text(encoding="utf-8"))
    return template.render(
        css=Markup(folder.joinpath("report.css").read_text(encoding="utf-8")),  # noqa: S704  # a file of ours
        colours=COLOURS,
        dashes=DASHES,
        version=__version__,
        title=stem(scenario.told.trace),
        command=scenario.told.command,
        facts=list(_facts(scenario, results)),
        names=scenario.names,
        checked=bool(scenario.healths),
        instances=len(scenario.traces),
        comparison=Comparison.of(results),
        table_caption=" ".join(_about_table(scenario)),
        # Matplotlib escapes what it writes into an SVG.
        plots=[(plot, Markup(plot.svg)) for plot in plots_of(results)],  # noqa: S704
        nobody_waited=scenario.timed and not any(result.waiting and result.waiting.max_ms for result in results),
        notes=gathered(scenario, results),
    )


def _facts(scenario: Scenario, results: Sequence[RunResult]) -> Iterator[tuple[str, str]]:
    """What was simulated: numbers and what they count."""
    if len(scenario.traces) > 1:
        yield f"{len(scenario.traces)}", "instances"
    yield f"{sum(len(trace.arrivals) for trace in scenario.traces):,}", "pods"
    nodes = len(scenario.plan.nodes)
    if nodes:
        yield f"{nodes:,}", "node" if nodes == 1 else "nodes"
    if scenario.plan.auto is not None:
        yield "+" if nodes else "", "nodes opened as needed"
    if scenario.seeds[0] is not None:
        yield f"{len(scenario.seeds)}", "seed" if len(scenario.seeds) == 1 else "seeds"
    if scenario.timed:
        yield shown_time(max(result.end_ms - result.start_ms for result in results)), "of virtual time"
    else:
        yield "", "order of arrival only"
    if scenario.told.fail is not None:
        yield "", f"failures by {scenario.told.fail}"
    if scenario.told.weather is not None:
        yield "", f"faults by {scenario.told.weather}"


def _about_table(scenario: Scenario) -> Iterator[str]:
    if scenario.timed:
        yield (
            "Shares are of what all nodes have: the mean over the run's time, and what was held at the end. Waits are "
            "from creation to the first node. Slowdown is the time from creation to the end over the time to run, "
            "counted as at least 10 s; its mean over pods, each at least 1."
        )
    else:
        yield "Shares are of what all nodes have, after the last pod."
    if scenario.healths:
        yield (
            "Crashes are timed from the moment a machine went down until its node was suspected, and given up. "
            "Suspicions and failures are false where the machine was up and its link open. Not running is the share "
            "of the time in which pods that had a node ran on none. Two copies is for how long any pod ran twice."
        )
    if len(scenario.traces) > 1:
        yield "Counts are sums over the instances, shares are means."
    if len(scenario.seeds) > 1:
        yield "Each number is the mean over the seeds ± their standard deviation."


def _umask() -> int:
    """What new files must not allow; it can be read only by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
