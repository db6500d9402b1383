from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import get_args

import pytest
from attrs import evolve

import kube9
from kube9.core.cluster import Cluster
from kube9.core.errors import InvariantViolation
from kube9.core.events import Event
from kube9.core.outcome import DeploymentStored, Instruction
from kube9.core.plan import Planned
from kube9.core.stimuli import FailNode, Stimulus
from kube9.plugins.policies import BestFit, Random, WorstFit
from kube9.testing import random_run

#: Makes a cluster, puts it through a life, and prints the digest.
PROGRAM = """
import numpy as np
from kube9.core.cluster import Cluster
from kube9.core.pipeline import Pipeline
from kube9.plugins import devices, filters, policies, queues
from kube9.testing import random_run

class BySetOrder:
    '''Prefers nodes in the order of a set of their names, which differs from process to process.'''

    def score(self, pod, nodes):
        order = list(set(nodes.names))
        return np.array([order.index(name) for name in nodes.names])

names = ["NodeReady", "NodeSelector", "NodeAffinity", "Taints", "Resources", "Devices"]
kinds = [getattr(filters, name) for name in names]
pipeline = Pipeline(
    name="usual",
    scheduler={scheduler},
    filters=tuple((kind.__name__, kind()) for kind in kinds),
    chooser=devices.LeastLeft(),
    owner="nobody",
)

def make_cluster():
    return Cluster(pipelines={{"usual": pipeline}}, default="usual", discipline=queues.Priority())

print(random_run(make_cluster, seed=11, steps=600, check_every=100))
"""


def digest_in_a_new_process(scheduler, hash_seed):
    roots = [str(Path(kube9.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(filter(None, roots))}
    program = PROGRAM.format(scheduler=scheduler)
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", ["policies.BestFit()", "policies.Random(seed=5)"])
def test_the_same_seed_gives_the_same_life_whatever_the_hash_seed(scheduler):
    digests = {digest_in_a_new_process(scheduler, hash_seed) for hash_seed in ("0", "1", "4242")}
    assert len(digests) == 1
    assert len(digests.pop()) == 64


@pytest.mark.slow
def test_a_policy_that_follows_the_order_of_a_set_is_caught():
    assert len({digest_in_a_new_process("BySetOrder()", hash_seed) for hash_seed in ("0", "1", "4242")}) > 1


def test_the_seed_and_the_policy_decide_the_life(cluster):
    lives = {
        (type(scheduler).__name__, seed): random_run(partial(cluster, scheduler), seed, steps=1500)
        for scheduler in (BestFit(), WorstFit(), Random())
        for seed in (2, 3)
    }
    assert len(set(lives.values())) == len(lives)
    assert random_run(partial(cluster, BestFit()), seed=2, steps=1500) == lives["BestFit", 2]


def recorder(met):
    """A kind of cluster that counts in ``met`` what reaches it and what it tells."""

    class Recorder(Cluster):
        def handle(self, stimulus):
            outcome = self.note(super().handle(stimulus))
            met.update([type(stimulus).__name__])
            return outcome

        def restore(self, *things, **at):
            met.update(["restore"])
            return self.note(super().restore(*things, **at))

        def note(self, outcome):
            met.update(type(each).__name__ for each in (*outcome.instructions, *outcome.events))
            return outcome

    return Recorder


def names(parent):
    """Of the classes that have none below them."""
    children = [child for child in parent.__subclasses__() if child.__module__.startswith("kube9.core.")]
    return {parent.__name__} if not children else set().union(*map(names, children))


def test_a_life_has_everything_in_it(cluster):
    met = Counter()
    random_run(partial(cluster, kind=recorder(met)), seed=3, steps=3000, check_every=50)
    instructions = {each.__name__ for each in get_args(Instruction)}
    # No strategy of a run is broken.
    assert (names(Stimulus) | instructions | names(Event)) - met.keys() == {"SchedulerFailed"}
    assert met["restore"] > 10
    assert met["PodBound"] > 300


class PlansBadly(Cluster):
    """Whatever is planned has no room."""

    def plan(self, specs):
        return tuple(Planned(spec, None, "no idea") for spec in specs)


class StoresHalf(Cluster):
    """What becomes of deployments is not stored."""

    def handle(self, stimulus):
        outcome = super().handle(stimulus)
        return evolve(
            outcome, changes=tuple(each for each in outcome.changes if not isinstance(each, DeploymentStored))
        )


class LosesOne(Cluster):
    """Of every five pods one is not restored."""

    def restore(self, nodes, pods, deployments=(), *, at_ms):
        kept = [pod for pod in pods if pod.ordinal % 5]
        return super().restore(nodes, kept, deployments, at_ms=at_ms)


class MovesAtOnce(Cluster):
    """Pods of a node that failed start elsewhere before its lease is over."""

    def handle(self, stimulus):
        return super().handle(evolve(stimulus, lease_left_ms=0) if isinstance(stimulus, FailNode) else stimulus)


BROKEN = {
    "too many on a node": ({"without": ("resources",)}, InvariantViolation, "has -|waits although it fits"),
    "plans that do not hold": ({"kind": PlansBadly}, InvariantViolation, "was planned, and p.* went to"),
    "pods that move too early": ({"kind": MovesAtOnce}, InvariantViolation, "may run on node-.* until"),
    "a store that is told half": ({"kind": StoresHalf}, InvariantViolation, "other deployments than the cluster"),
    "a restart that loses a pod": ({"kind": LosesOne}, AssertionError, "other pods than the cluster"),
}


@pytest.mark.parametrize("broken,error,message", BROKEN.values(), ids=BROKEN)
def test_a_broken_cluster_is_found_on_the_way(cluster, broken, error, message):
    with pytest.raises(error, match=message):
        random_run(partial(cluster, **broken), seed=1, steps=2000)


@pytest.mark.parametrize("every,checks", [(1, 20), (5, 4), (100, 0)])
def test_checks_come_as_often_as_asked(cluster, every, checks):
    checked = []

    class Counting(Cluster):
        def check(self):
            checked.append(self)

    random_run(partial(cluster, kind=Counting), seed=1, steps=20, check_every=every)
    assert len(checked) == checks
