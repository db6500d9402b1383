"""The pods and nodes of one run of the experiment, as files that ``kube9 simulate`` reads."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from kube9_fgd.podlist import ListedNode, ListedPod

__all__ = ["NODES_FILE", "PODS_FILE", "inflated", "write_run"]

PODS_FILE = "pods.csv"
NODES_FILE = "nodes.csv"

#: The most pods that a node takes.
_PODS_MAX = 1001
_DEVICE_MILLI = 1000


def write_run(folder: Path, pods: Sequence[ListedPod], nodes: Sequence[ListedNode], *, seed: int, percent: int) -> None:
    """Write the pods in the order in which they come, and the nodes in the order by which ties are broken.

    :param percent: how much GPU is asked for in the end, of what there is.
    """
    order = list(nodes)
    # Another stream than that of the pods, so that the order of the nodes does not depend on their number.
    random.Random(f"nodes {seed}").shuffle(order)
    capacity = _DEVICE_MILLI * sum(node.gpu_count for node in nodes)
    come = inflated(pods, capacity * percent // 100, random.Random(seed))
    folder.mkdir(parents=True, exist_ok=True)
    _write(
        folder / PODS_FILE,
        ("name", "cpu", "memory", "gpu", "gpu_milli", "gpu_models"),
        (_pod_row(f"{number:05}-{pod.name}", pod) for number, pod in enumerate(come)),
    )
    _write(
        folder / NODES_FILE,
        ("name", "cpu", "memory", "pods", "gpu", "gpu_model"),
        (_node_row(node) for node in order),
    )


def inflated(pods: Sequence[ListedPod], target_milli: int, chance: random.Random) -> list[ListedPod]:
    """All ``pods`` in an order of chance, then some again, as chance has it, until ``target_milli`` is asked for."""
    come = list(pods)
    chance.shuffle(come)
    asked = sum(pod.gpu_milli for pod in come)
    while asked < target_milli:
        pod = chance.choice(pods)
        # What one device gives, not all of them: so it is in the original, and where it ends decides the last points.
        if asked + pod.needs.gpu_milli > target_milli:
            break
        come.append(pod)
        asked += pod.gpu_milli
    return come


def _pod_row(name: str, pod: ListedPod) -> tuple[object, ...]:
    needs = pod.needs
    cpu, memory = f"{needs.cpu_milli}m", f"{pod.memory_mib}Mi"
    if not needs.gpu_count:
        return name, cpu, memory, "", "", ""
    return name, cpu, memory, needs.gpu_count, needs.gpu_milli, "|".join(needs.models)


def _node_row(node: ListedNode) -> tuple[object, ...]:
    gpus = (node.gpu_count, node.model) if node.gpu_count else ("", "")
    return (node.name, f"{node.cpu_milli}m", f"{node.memory_mib}Mi", _PODS_MAX, *gpus)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
