"""What came out beside what was published."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from attrs import frozen

from kube9_fgd.experiment import Run

__all__ = ["Cell", "Table", "read_published"]

#: Where a figure stands: the list's name without extension, the policy, the percent asked for.
Place = tuple[str, str, int]

_METRIC = "alloc_pct"


def read_published(path: Path) -> dict[Place, float]:
    """The mean allocation of each cell of a table of the original's results, in percent.

    :raises ValueError: the file cannot be read, or is no such table.
    """
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return {
                (row["workload"], row["policy"], int(row["arrived_pct"])): float(row["mean"])
                for row in csv.DictReader(lines)
                if row["metric"] == _METRIC
            }
    except OSError as exc:
        raise ValueError(f"{path}: {exc.strerror}") from exc
    except KeyError as exc:
        raise ValueError(f"{path}: expected a column {exc.args[0]!r}") from exc


@frozen
class Cell:
    """One policy on one list when so much was asked for."""

    #: Allocated share of all GPU in percent, mean and standard deviation over the seeds.
    mean: float
    spread: float
    #: The published mean; ``None`` where there is none.
    published: float | None

    @property
    def difference(self) -> float | None:
        return None if self.published is None else self.mean - self.published


@frozen
class Table:
    """Cells by place."""

    cells: Mapping[Place, Cell]

    @classmethod
    def of(cls, runs: Iterable[Run], percents: Sequence[int], published: Mapping[Place, float]) -> Table:
        """The table of ``runs``, with a cell for each of ``percents``."""
        values: dict[Place, list[float]] = {}
        for run in runs:
            for policy in run.allocated:
                for percent in percents:
                    values.setdefault((run.pod_list.stem, policy, percent), []).append(run.at(policy, percent))
        return cls(
            {
                place: Cell(
                    statistics.fmean(each),
                    statistics.stdev(each) if len(each) > 1 else 0.0,
                    published.get(place),
                )
                for place, each in values.items()
            }
        )

    @property
    def policies(self) -> list[str]:
        return list(dict.fromkeys(policy for _, policy, _ in self.cells))

    def farthest(self) -> dict[str, float]:
        """By policy, the difference farthest from 0; policies of which nothing is published are left out."""
        farthest: dict[str, float] = {}
        for (_, policy, _), cell in self.cells.items():
            if cell.difference is not None and abs(cell.difference) >= abs(farthest.get(policy, 0.0)):
                farthest[policy] = cell.difference
        return farthest

    def rows(self) -> Iterator[list[str]]:
        """The head, then for each list and percent a row with ours, one with what is published, and the difference."""
        yield ["pods", "arrived", "", *self.policies]
        for pods, percent in dict.fromkeys((pods, percent) for pods, _, percent in self.cells):
            cells = [self.cells[pods, policy, percent] for policy in self.policies]
            name = pods.removeprefix("openb_pod_list_")
            yield [name, f"{percent} %", "kube9", *(f"{cell.mean:.2f} ± {cell.spread:.2f}" for cell in cells)]
            if any(cell.published is not None for cell in cells):
                yield ["", "", "published", *(_shown(cell.published, ".2f") for cell in cells)]
                yield ["", "", "difference", *(_shown(cell.difference, "+.2f") for cell in cells)]

    def text(self) -> str:
        """For a terminal."""
        rows = list(self.rows())
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)

    def markdown(self) -> str:
        """For a page."""
        head, *rows = [f"| {' | '.join(row)} |" for row in self.rows()]
        return "\n".join([head, f"|{' --- |' * (3 + len(self.policies))}", *rows])


def _shown(number: float | None, form: str) -> str:
    return "" if number is None else format(number, form)
