"""Changes sorted into rows: what is to be written to each table, and how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from attrs import define, field, frozen

from kube9.core import outcome as o
from kube9.core.deployments import Deployment, DeploymentSpec
from kube9.core.nodes import Node, NodeSpec
from kube9.core.pods import Pod, PodSpec
from kube9.store.rows import DEPLOYMENTS, NODES, PODS, Row, RowKind
from kube9.store.spectext import SpecWriter

__all__ = ["Batch", "TableBatch", "WrittenSpecs"]

V = TypeVar("V", Node, Pod, Deployment)
Spec = NodeSpec | PodSpec | DeploymentSpec


@define
class TableBatch:
    """What one commit does to one table. Rows are in the order of the columns of ``kind``."""

    kind: RowKind[Any]
    #: State and spec, of rows that are new or have another spec.
    upserts: list[Row] = field(factory=list)
    #: State alone.
    updates: list[Row] = field(factory=list)
    #: Uids.
    deletes: list[str] = field(factory=list)


@frozen
class Batch:
    tables: tuple[TableBatch, ...]
    #: The specs by uid that are written once the batch is; ``None`` for what is then gone.
    specs: Mapping[str, Spec | None]


class WrittenSpecs:
    """Which spec each row was last written with, so that the same one is not written again."""

    def __init__(self) -> None:
        self._specs: dict[str, Spec] = {}
        self._texts = SpecWriter()

    def remember(self, values: Iterable[Node | Pod | Deployment]) -> None:
        """These are what the tables hold."""
        self._specs.update({value.uid: value.spec for value in values})

    def settle(self, batch: Batch) -> None:
        """The batch was written."""
        for uid, spec in batch.specs.items():
            if spec is None:
                self._specs.pop(uid, None)
            else:
                self._specs[uid] = spec

    def forget(self) -> None:
        """It is not known what the tables hold: from now on each row is written whole again, once."""
        self._specs.clear()

    def batch(self, changes: Sequence[o.Change]) -> Batch:
        """Sort changes into rows; of several for one uid the last one counts."""
        nodes: dict[str, Node | None] = {}
        pods: dict[str, Pod | None] = {}
        deployments: dict[str, Deployment | None] = {}
        for change in changes:
            if isinstance(change, o.PodStored):
                pods[change.pod.uid] = change.pod
            elif isinstance(change, o.PodRemoved):
                pods[change.uid] = None
            elif isinstance(change, o.NodeStored):
                nodes[change.node.uid] = change.node
            elif isinstance(change, o.NodeRemoved):
                nodes[change.uid] = None
            elif isinstance(change, o.DeploymentStored):
                deployments[change.deployment.uid] = change.deployment
            else:
                deployments[change.uid] = None
        specs: dict[str, Spec | None] = {}
        tables = (
            self._sort(NODES, nodes, specs),
            self._sort(DEPLOYMENTS, deployments, specs),
            self._sort(PODS, pods, specs),
        )
        return Batch(tables, specs)

    def _sort(self, kind: RowKind[V], values: Mapping[str, V | None], specs: dict[str, Spec | None]) -> TableBatch:
        batch, written, texts = TableBatch(kind), self._specs, self._texts
        state, spec_of = kind.state, kind.spec
        for uid, value in values.items():
            if value is None:
                batch.deletes.append(uid)
                specs[uid] = None
            elif written.get(uid) is value.spec:
                batch.updates.append(state(value))
            else:
                batch.upserts.append(state(value) + spec_of(value, texts))
                specs[uid] = value.spec
        return batch
