"""What one pod goes through: filters, then one scheduler, then the choice of devices."""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import define, field, frozen

from kube9.core.errors import FilterError, SchedulerError
from kube9.core.frozen import FrozenMap
from kube9.core.keptscores import KeptScores
from kube9.core.livetable import LiveTable
from kube9.core.pods import DeviceRequest, PodSpec
from kube9.core.ports import BoolArray, DeviceChooser, Filter, FloatArray, Rejections, Scheduler
from kube9.core.table import NodeTable

__all__ = ["Explanation", "Pipeline", "Verdict"]

_UNFIT = -np.inf


@frozen
class Verdict:
    """What a pipeline thinks of one node for one pod."""

    node_name: str
    #: Why the pod may not go there; empty where it fits.
    reason: str
    #: Higher is better; ``None`` where it does not fit.
    score: float | None
    #: It failed again and again, so that it comes after all others that fit, whatever its score.
    tried_last: bool = False


@frozen
class Explanation:
    """What a pipeline thinks of every node for one pod, in join order, and who won."""

    scheduler: str
    verdicts: tuple[Verdict, ...]
    #: The node the pod would go to now; ``None`` if it fits nowhere.
    winner: str | None
    tally: str
    #: The node it is bound to; ``None`` while it waits, and when it has ended.
    node_name: str | None = None


@define(eq=False, kw_only=True)
class Pipeline:
    """Built once from configuration, walked for every decision."""

    #: Name of the scheduler, as a pod's ``scheduler_name`` says it.
    name: str
    scheduler: Scheduler
    filters: tuple[tuple[str, Filter], ...]
    chooser: DeviceChooser
    #: Package and version of who offers the scheduler, for messages.
    owner: str
    #: The same of the filters, by name; those that are not here are told by their names alone.
    filter_owners: Mapping[str, str] = field(factory=dict)
    #: Scores by shape; ``None`` where the scheduler or a filter looks beyond the node it judges.
    kept: KeptScores | None = field(init=False, default=None)
    #: The scheduler's own way to choose devices, where it has one.
    _choose_devices: Callable[[PodSpec, DeviceRequest, NodeTable], Sequence[int] | None] | None = field(init=False)
    #: The filters' names and bound methods, looked up once.
    _judges: tuple[tuple[str, Callable[[PodSpec, NodeTable], BoolArray | None]], ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._choose_devices = getattr(self.scheduler, "choose_devices", None)
        self._judges = tuple((name, step.fits) for name, step in self.filters)
        steps: list[Any] = [self.scheduler, *(step for _, step in self.filters)]
        if all(getattr(step, "local", False) for step in steps):
            self.kept = KeptScores(self._ranked)

    def decide(self, pod: PodSpec, table: LiveTable) -> int:
        """The row of the node that ``pod`` should go to; -1 if it fits nowhere.

        :raises SchedulerError: the scheduler raised, or its scores cannot be used.
        :raises FilterError: the same of a filter.
        """
        if not len(table):
            return -1
        ranked = self._ranked(pod, table) if self.kept is None else self.kept.ranked(pod, table)
        row = self._winner(ranked, pod, table)
        if table.last_resorts and row >= 0 and table.tried_last[row]:
            steady = np.where(table.tried_last, _UNFIT, ranked)
            better = int(steady.argmax())
            return row if steady[better] == _UNFIT else better
        return row

    def would_bind(self, pod: PodSpec, table: LiveTable) -> bool:
        """Whether ``pod`` could be bound now, by a look that leaves no trace.

        :raises PluginError: a part of the pipeline failed.
        """
        row = self._winner(self._ranked(pod, table), pod, table) if len(table) else -1
        if row >= 0:
            self.choose_devices(pod, table, row)
        return row >= 0

    def choose_devices(self, pod: PodSpec, table: NodeTable, row: int) -> Mapping[str, tuple[int, ...]]:
        """For each kind of device the pod asks for, the indices of those it gets on the node of ``row``.

        :raises SchedulerError: the scheduler or the chooser raised, or chose devices that the pod cannot have.
        """
        return FrozenMap({request.kind: self._choose(pod, request, table, row) for request in pod.devices})

    @property
    def monotone(self) -> bool:
        """Whether a pod that fits nowhere can only be helped by a node that frees something or comes up."""
        return all(getattr(step, "monotone", False) for _, step in self.filters)

    def fits_on(self, pod: PodSpec, table: NodeTable, row: int) -> bool:
        """Whether ``pod`` fits on the node of ``row``.

        :raises FilterError: a filter failed.
        """
        return bool(self._fitting(pod, table.take(np.array([row])))[0])

    def tally(self, pod: PodSpec, table: NodeTable) -> str:
        """Why ``pod`` fits nowhere: ``0 of 50 nodes fit: 30 insufficient cpu, 20 taint gpu``.

        :raises FilterError: a filter failed.
        """
        counts: Counter[str] = Counter()
        remaining = np.ones(len(table), dtype=np.bool_)
        for reason, refused in self._rejections(pod, table):
            newly = remaining & refused
            counts[reason] += int(np.count_nonzero(newly))
            remaining &= ~newly
        fit = int(np.count_nonzero(remaining))
        parts = [f"{n} {reason}" for reason, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if n]
        return f"{fit} of {len(table)} nodes fit" + (f": {', '.join(parts)}" if parts else "")

    def explain(self, pod: PodSpec, table: LiveTable) -> Explanation:
        """What speaks for and against every node, for people."""
        reasons = np.full(len(table), "", dtype=object)
        for reason, refused in self._rejections(pod, table):
            reasons[refused & (reasons == "")] = reason
        row = self.decide(pod, table)
        ranked = self._ranked(pod, table).tolist() if len(table) else []
        verdicts = tuple(
            Verdict(name, reason, None if reason else score, last)
            for name, reason, score, last in zip(
                table.names, reasons.tolist(), ranked, table.tried_last.tolist(), strict=True
            )
        )
        winner = None if row < 0 else table.names[row]
        return Explanation(self.name, verdicts, winner, self.tally(pod, table))

    def check(self, table: LiveTable) -> None:
        """Compare kept scores with fresh ones.

        :raises SchedulerError: the scheduler or a filter is local by its own word but not in fact.
        """
        if self.kept is not None:
            self.kept.check(table, self._who)

    @property
    def _who(self) -> str:
        return f"scheduler {self.name!r} of {self.owner}"

    def _ranked(self, pod: PodSpec, nodes: NodeTable) -> FloatArray:
        """One score per node, minus infinity where the pod does not fit. The array is the caller's."""
        fits = self._fitting(pod, nodes)
        if not np.count_nonzero(fits):  # five times as fast as any() on a short mask
            return np.full(len(nodes), _UNFIT)
        return np.where(fits, self._scores(pod, nodes), _UNFIT)

    def _fitting(self, pod: PodSpec, nodes: NodeTable) -> BoolArray:
        fits: BoolArray | None = None
        shape = (len(nodes),)
        name = ""
        try:
            for name, judge in self._judges:  # noqa: B007  # the handler says which one it was
                mask = judge(pod, nodes)
                if mask is None:
                    continue
                if (
                    getattr(mask, "dtype", None) != np.bool_ or mask.shape != shape
                ):  # _checked(), without a call on the hot path
                    _checked(mask, nodes)
                # Not in place: a filter may hand out a column of the table itself.
                fits = mask if fits is None else fits & mask
        except (Exception, SystemExit) as exc:
            raise self._filter_failed(name, pod, exc) from exc
        return np.ones(shape, dtype=np.bool_) if fits is None else fits

    def _scores(self, pod: PodSpec, nodes: NodeTable) -> FloatArray:
        try:
            scores = np.asarray(given := self.scheduler.score(pod, nodes))
        except (Exception, SystemExit) as exc:
            raise SchedulerError(f"{self._who} failed: {type(exc).__name__}: {exc}", pod.name) from exc
        if given is None:
            raise SchedulerError(f"{self._who} returned None; is a `return` missing?", pod.name)
        if scores.shape != (len(nodes),) or scores.dtype.kind not in "fiu":
            raise SchedulerError(
                f"{self._who} returned {scores.dtype} of shape {scores.shape}; expected one number per node, "
                f"shape ({len(nodes)},)",
                pod.name,
            )
        return scores

    def _winner(self, ranked: FloatArray, pod: PodSpec, table: NodeTable) -> int:
        row = int(ranked.argmax())
        best = ranked[row]
        if math.isfinite(best):  # argmax stops at a NaN, so none can hide behind the winner
            return row
        if best == _UNFIT and not self._fitting(pod, table).any():
            return -1
        raise SchedulerError(
            f"{self._who} gave node {table.names[row]!r} the score {best}; expected a finite number", pod.name
        )

    def _choose(self, pod: PodSpec, request: DeviceRequest, table: NodeTable, row: int) -> tuple[int, ...]:
        free = table.devices[request.kind][row, : table.device_count[request.kind][row]]
        who = self._who
        try:
            chosen = None
            if self._choose_devices is not None:
                chosen = self._choose_devices(pod, request, table.take(np.array([row])))
            if chosen is None:
                who = f"device chooser {type(self.chooser).__name__}"
                chosen = self.chooser.choose(request, free)
            indices = tuple(operator.index(index) for index in chosen)
        except (Exception, SystemExit) as exc:
            raise SchedulerError(f"{who} failed: {type(exc).__name__}: {exc}", pod.name) from exc
        fitting = set(np.flatnonzero(free >= request.milli).tolist())
        if len(indices) != request.count or len(fitting.intersection(indices)) != request.count:
            raise SchedulerError(
                f"{who} chose {indices} of {free.tolist()}; expected {request.count} different indices of devices "
                f"with at least {request.milli} milli left",
                pod.name,
            )
        return indices

    def _filter_failed(self, name: str, pod: PodSpec, exc: BaseException) -> FilterError:
        who = f"filter {name!r}" + (f" of {owner}" if (owner := self.filter_owners.get(name)) else "")
        return FilterError(f"{who} failed: {type(exc).__name__}: {exc}", pod.name)

    def _rejections(self, pod: PodSpec, nodes: NodeTable) -> Rejections:
        for name, step in self.filters:
            try:
                if (explain := getattr(step, "rejections", None)) is not None:
                    for reason, refused in explain(pod, nodes):
                        yield str(reason), _checked(refused, nodes)
                # What it refuses without saying why has the filter's own reason.
                if (mask := step.fits(pod, nodes)) is not None:
                    yield step.reason, ~_checked(mask, nodes)
            except (Exception, SystemExit) as exc:
                raise self._filter_failed(name, pod, exc) from exc


def _checked(mask: BoolArray, nodes: NodeTable) -> BoolArray:
    """``mask`` itself, if it is one truth value per node."""
    if not isinstance(mask, np.ndarray):
        raise TypeError(
            f"returned {mask!r}, expected one truth value per node: an array of bool, shape ({len(nodes)},)"
        )
    if mask.dtype != np.bool_ or mask.shape != (len(nodes),):
        raise TypeError(f"returned {mask.dtype} of shape {mask.shape}, expected bool of shape ({len(nodes)},)")
    return mask
