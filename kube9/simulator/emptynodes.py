"""Nodes with nothing on them: whether a pod could ever fit, however long it waits."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import cached_property

import numpy as np

from kube9.core.livetable import LiveTable
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.pipeline import Pipeline
from kube9.core.pods import PodSpec
from kube9.core.ports import FloatArray
from kube9.core.table import NodeTable

__all__ = ["EmptyNodes"]


class _Indifferent:
    """Scores that decide nothing: only whether a pod fits is asked here."""

    def score(self, _pod: PodSpec, nodes: NodeTable) -> FloatArray:
        return np.zeros(len(nodes))


class EmptyNodes:
    """Some nodes, all of them ready and empty, as the filters of ``pipeline`` see them."""

    def __init__(self, specs: Iterable[NodeSpec], pipeline: Pipeline) -> None:
        # A pipeline of its own, so that asking here leaves no trace in the scheduler or in its kept scores.
        self._pipeline = Pipeline(
            name=pipeline.name,
            scheduler=_Indifferent(),
            filters=pipeline.filters,
            chooser=pipeline.chooser,
            owner=pipeline.owner,
            filter_owners=pipeline.filter_owners,
        )
        self._specs = tuple(specs)
        self._answers: dict[Hashable, bool] = {}

    def fit(self, pod: PodSpec) -> bool:
        """Whether ``pod`` fits on one of them.

        :raises FilterError: a filter failed on it.
        """
        answer = self._answers.get(pod.shape)
        if answer is None:
            answer = self._answers[pod.shape] = self._pipeline.decide(pod, self._table) >= 0
        return answer

    def tally(self, pod: PodSpec) -> str:
        """Why ``pod`` fits on none of them."""
        return self._pipeline.tally(pod, self._table)

    @cached_property
    def _table(self) -> LiveTable:
        # Made when first needed: in most runs no pod is ever refused.
        table = LiveTable()
        for ordinal, spec in enumerate(self._specs):
            table.add(Node(uid=spec.name, spec=spec, ordinal=ordinal, phase=NodePhase.READY))
        return table
