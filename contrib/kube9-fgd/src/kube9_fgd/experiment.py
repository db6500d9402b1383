"""The runs behind the table: one ``kube9 simulate`` of all six policies for each list and seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import frozen

from kube9_fgd.arrivals import NODES_FILE, PODS_FILE, write_run
from kube9_fgd.podlist import read_nodes, read_pods
from kube9_fgd.shares import GPU

__all__ = ["POLICIES", "Experiment", "Run", "RunFailed"]

#: The policies as the published table calls them, and the step of each for a list and a seed.
POLICIES: Mapping[str, str] = {
    "Random": "gpu-random:seed={seed}",
    "DotProd": "dot-product",
    "Clustering": "gpu-clustering",
    "Packing": "gpu-packing",
    "BestFit": "gpu-best-fit",
    "FGD": "fgd:workload={list}",
}

#: How much GPU is asked for in the end, in percent of what there is.
DEMAND_PERCENT = 130


class RunFailed(Exception):
    """A simulation did not end well."""


@frozen
class Run:
    """One list in one order of its pods and of the nodes."""

    pod_list: Path
    seed: int
    #: By policy and percent asked for: the share of all GPU that was allocated then, in percent.
    allocated: Mapping[str, Mapping[int, float]]

    def at(self, policy: str, percent: int) -> float:
        """What ``policy`` had allocated when so much was asked for; where no pod came just then, at the last before."""
        allocated = self.allocated[policy]
        return allocated[max((each for each in allocated if each <= percent), default=min(allocated))]


@frozen(kw_only=True)
class Experiment:
    """Some pod lists on one list of nodes, with some seeds each."""

    pod_lists: Sequence[Path]
    node_list: Path
    seeds: Sequence[int]
    policies: Sequence[str] = tuple(POLICIES)

    def runs(self, processes: int, done: Callable[[Run], None]) -> list[Run]:
        """Do every run, by list and then by seed.

        :param processes: how many at once.
        :param done: told of each as it ends.
        :raises RunFailed: one of them failed; those under way are waited for.
        :raises ValueError: a list cannot be read.
        """

        def run(pod_list: Path, seed: int) -> Run:
            made = self._run(pod_list, seed)
            done(made)
            return made

        pairs = [(pod_list, seed) for pod_list in self.pod_lists for seed in self.seeds]
        # Threads, which do nothing but wait for their processes.
        with ThreadPoolExecutor(processes) as executor:
            futures = [executor.submit(run, *pair) for pair in pairs]
            try:
                return [future.result() for future in futures]
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                raise

    def _run(self, pod_list: Path, seed: int) -> Run:
        with TemporaryDirectory(prefix="kube9-fgd-") as folder:
            files = Path(folder)
            nodes = read_nodes(self.node_list)
            write_run(files, read_pods(pod_list), nodes, seed=seed, percent=DEMAND_PERCENT)
            # The step of a policy is split at commas and colons, which a path may have.
            (files / "list.csv").symlink_to(pod_list.resolve())
            told = _simulated(files, [POLICIES[name].format(seed=seed, list="list.csv") for name in self.policies])
        allocated = {
            name: {percent: 100 * share for percent, share in run["allocation"]["byDemand"][GPU]}
            for name, run in zip(self.policies, told["runs"], strict=True)
        }
        return Run(pod_list, seed, allocated)


def _simulated(folder: Path, steps: Sequence[str]) -> Any:
    """The document of ``kube9 simulate`` for the files in ``folder``."""
    command = [sys.executable, "-m", "kube9", "simulate", "--arrivals-only", "--output", "json"]
    command += ["--trace", PODS_FILE, "--nodes", NODES_FILE]
    for step in steps:
        command += ["--scheduler", step]
    # Another plugin's filter would be part of the result.
    only_this = {**os.environ, "KUBE9_PLUGINS": "kube9-fgd", "KUBE9_PLUGINS_OFF": ""}
    ended = subprocess.run(  # noqa: S603  # this very Python, with words of this module
        command, cwd=folder, env=only_this, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise RunFailed(f"kube9 simulate ended with exit code {ended.returncode}:\n{ended.stderr.strip()}")
    return json.loads(ended.stdout)
