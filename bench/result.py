"""What a run of the benchmark found, and the ways to write it down."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from bench.decisions import Decisions
from bench.machine import Machine
from bench.marks import Mark, marks
from bench.simulation import Simulation
from bench.startup import StartUp
from bench.tables import Rows, aligned, mark_rows, piped

__all__ = ["BEGIN", "END", "Result"]

#: What stands around the part of the documentation that :meth:`Result.markdown` makes.
BEGIN = "<!-- begin: python -m bench --markdown -->"
END = "<!-- end: python -m bench --markdown -->"

_COLUMNS = ("nodes", "pods", "kube9 us", "decisions/s", "per-node us", "scan us", "loop us", "kube9/scan", "kube9/loop")
_SIMULATION_COLUMNS = ("simulated", "pods", "nodes", "seconds", "pods/s")
_START_UP_COLUMNS = ("started", "ms")


@frozen(kw_only=True)
class Result:
    machine: Machine
    decisions: tuple[Decisions, ...]
    simulations: tuple[Simulation, ...]
    start_up: StartUp

    @property
    def marks(self) -> tuple[Mark, ...]:
        return marks(self.decisions, self.start_up)

    def text(self) -> str:
        """Tables for a terminal."""
        return "\n\n".join([str(self.machine), *map(aligned, self._tables())])

    def markdown(self) -> str:
        """The same for the documentation."""
        return "\n\n".join([BEGIN, f"{self.machine}.", *map(piped, self._tables()), END])

    def json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "machine": self.machine.json(),
            "decisions": [
                {
                    "workload": one.kind,
                    "nodes": one.nodes,
                    "pods": one.pods,
                    "utilisation": one.utilisation,
                    "microseconds": dict(one.step_us),
                    "perSecond": {contender: one.per_second(contender) for contender in one.step_us},
                    "compared": one.compared,
                    "ratios": {"scan": one.ratio("scan"), "loop": one.ratio("loop")},
                    "collections": one.collections,
                }
                for one in self.decisions
            ],
            "simulations": [
                {
                    "scheduler": one.scheduler,
                    "pods": one.pods,
                    "nodes": one.nodes,
                    "seconds": one.seconds,
                    "perSecond": one.per_second,
                }
                for one in self.simulations
            ],
            "startUp": {
                "helpMs": self.start_up.help_ms,
                "clickMs": self.start_up.click_ms,
                "ratio": self.start_up.ratio,
                "runs": self.start_up.runs,
            },
            "marks": [mark.json() for mark in self.marks],
        }

    def _tables(self) -> list[Rows]:
        return [
            [_COLUMNS, *map(_decision_row, self.decisions)],
            [_SIMULATION_COLUMNS, *map(_simulation_row, self.simulations)],
            [_START_UP_COLUMNS, *_start_up_rows(self.start_up)],
            mark_rows(self.marks),
        ]


def _decision_row(one: Decisions) -> tuple[str, ...]:
    per_node = f"{one.step_us['per-node']:.1f}" if "per-node" in one.step_us else ""
    return (
        f"{one.nodes:,}",
        one.kind,
        f"{one.step_us['kube9']:.1f}",
        f"{one.per_second('kube9'):,.0f}",
        per_node,
        f"{one.step_us['scan']:.1f}",
        f"{one.step_us['loop']:,.1f}",
        f"{one.ratio('scan'):.2f}",
        f"{one.ratio('loop'):.2f}",
    )


def _simulation_row(one: Simulation) -> tuple[str, ...]:
    return one.scheduler, f"{one.pods:,}", f"{one.nodes:,}", f"{one.seconds:.2f}", f"{one.per_second:,.0f}"


def _start_up_rows(start_up: StartUp) -> Rows:
    return [
        ("kube9 --help", f"{start_up.help_ms:.0f}"),
        ('python -c "import click"', f"{start_up.click_ms:.0f}"),
    ]
