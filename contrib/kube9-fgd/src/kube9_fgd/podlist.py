"""The pod and node lists of the openb trace: Alibaba's cluster-trace-gpu-v2023."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from attrs import frozen

from kube9_fgd.fragmentation import TypicalPod

__all__ = ["ListedNode", "ListedPod", "read_nodes", "read_pods"]

T = TypeVar("T")


@frozen
class ListedPod:
    """A row of a pod list."""

    name: str
    memory_mib: int
    needs: TypicalPod

    @property
    def gpu_milli(self) -> int:
        """Of all its devices together."""
        return self.needs.gpu_count * self.needs.gpu_milli


@frozen
class ListedNode:
    """A row of a node list."""

    name: str
    cpu_milli: int
    memory_mib: int
    gpu_count: int
    model: str


def read_pods(path: Path) -> tuple[ListedPod, ...]:
    """The pods of a list, in its order.

    :raises ValueError: it cannot be read, or is no such list.
    """
    return _read(path, _pod)


def read_nodes(path: Path) -> tuple[ListedNode, ...]:
    """The nodes of a list, in its order.

    :raises ValueError: it cannot be read, or is no such list.
    """
    return _read(path, _node)


def _read(path: Path, parse: Callable[[dict[str, str]], T]) -> tuple[T, ...]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows: Sequence[dict[str, str]] = list(csv.DictReader(lines))
    except OSError as exc:
        raise ValueError(f"{path}: {exc.strerror}") from exc
    if not rows:
        raise ValueError(f"{path}: expected a header and at least one line after it")
    read = []
    for number, row in enumerate(rows, start=2):
        try:
            read.append(parse(row))
        except KeyError as exc:
            raise ValueError(f"{path}: expected a list of the openb trace, with a column {exc.args[0]!r}") from exc
        except (TypeError, ValueError) as exc:
            raise ValueError(f"{path}:{number}: {exc}") from exc
    return tuple(read)


def _pod(row: dict[str, str]) -> ListedPod:
    count = int(row["num_gpu"])
    needs = TypicalPod(
        cpu_milli=int(row["cpu_milli"]),
        gpu_count=count,
        gpu_milli=int(row["gpu_milli"]) if count else 0,
        models=tuple(filter(None, row["gpu_spec"].split("|"))) if count else (),
    )
    return ListedPod(row["name"], int(row["memory_mib"]), needs)


def _node(row: dict[str, str]) -> ListedNode:
    return ListedNode(row["sn"], int(row["cpu_milli"]), int(row["memory_mib"]), int(row["gpu"]), row["model"])
