"""What people should know beside the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kube9.core.ports import Trace
from kube9.simulator.result import RunResult
from kube9.simulator.scenario import Scenario

__all__ = ["gathered"]


def gathered(scenario: Scenario, results: Sequence[RunResult]) -> tuple[str, ...]:
    """One sentence each: of the traces, of the scenario, and of the runs; what holds of all runs is said once."""
    return (*_of_traces(scenario.traces), *_of_scenario(scenario), *_of_runs(scenario, results))


def _of_traces(traces: Sequence[Trace]) -> Iterator[str]:
    for trace in traces:
        where = f"{trace.instance}: " if len(traces) > 1 else ""
        yield from (f"{where}{note}" for note in trace.notes)


def _of_scenario(scenario: Scenario) -> Iterator[str]:
    if not scenario.timed and not scenario.arrivals_only:
        yield "The trace has no times: pods come in its order, none departs, and what does not fit is dropped."
    named = {arrival.pod.scheduler_name for trace in scenario.traces for arrival in trace.arrivals} - {""}
    if named:
        yield f"Some pods name a scheduler ({', '.join(sorted(named))}); they too are placed by the one of --scheduler."


def _of_runs(scenario: Scenario, results: Sequence[RunResult]) -> Iterator[str]:
    for trace in scenario.traces:
        runs = [result for result in results if result.instance == trace.instance]
        where = f"{trace.instance}: " if len(scenario.traces) > 1 else ""
        for note in dict.fromkeys(note for run in runs for note in run.notes):
            those = [run for run in runs if note in run.notes]
            yield f"{where}{'' if len(those) == len(runs) else f'{_told(those)}: '}{note}"


def _told(runs: Sequence[RunResult]) -> str:
    """Which runs, without naming more than the first."""
    first = runs[0].scheduler if runs[0].seed is None else f"{runs[0].scheduler} with seed {runs[0].seed}"
    return first if len(runs) == 1 else f"{first} and {len(runs) - 1} more"
