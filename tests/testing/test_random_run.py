from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import kube9
from kube9.core.cluster import Cluster
from kube9.core.errors import InvariantViolation
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

kinds = [getattr(filters, name) for name in {filters!r}]
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
    program = PROGRAM.format(scheduler=scheduler, filters=[type(each).__name__ for each in FILTERS])
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
        (type(scheduler).__name__, seed): random_run(partial(cluster, scheduler), seed, steps=150)
        for scheduler in (BestFit(), WorstFit(), Random())
        for seed in (1, 2)
    }
    assert len(set(lives.values())) == len(lives)
    assert random_run(partial(cluster, BestFit()), seed=1, steps=150) == lives["BestFit", 1]


class Recorder(Cluster):
    """Counts what reaches a cluster and what it tells."""

    def __init__(self, **parts):
        super().__init__(**parts)
        self.met = Counter()

    def handle(self, stimulus):
        outcome = super().handle(stimulus)
        self.met.update(type(each).__name__ for each in (stimulus, *outcome.instructions, *outcome.events))
        return outcome


def test_a_life_has_everything_in_it(cluster):
    recorder = cluster(kind=Recorder)
    random_run(recorder, seed=3, steps=1500, check_every=50)
    stimuli = {
        "AddNode", "CordonNode", "DeleteNode", "NodeJoined", "CreateNodeFailed", "RestartNodeFailed",
        "DestroyNodeDone", "SuspectNode", "TrustNode", "FailNode", "GiveUpNode", "LaunchPod", "DeletePod",
        "PodStarted", "StartPodFailed", "PodExited", "StopPodDone", "TimePassed",
    }  # fmt: skip
    instructions = {"CreateNode", "RestartNode", "DestroyNode", "StartPod", "StopPod"}
    events = {
        "NodeAdded", "NodeReady", "NodeSuspected", "NodeFailed", "NodeRecovering", "NodeLost", "NodeCordoned",
        "NodeUncordoned", "NodeDeleted", "PodUnschedulable", "PodBound", "PodRunning", "PodEvicted", "PodFinished",
        "PodDeleted", "StaleReport",
    }  # fmt: skip
    assert stimuli | instructions | events <= recorder.met.keys()
    assert recorder.met["PodBound"] > 150


def test_a_broken_cluster_is_found_on_the_way(cluster):
    with pytest.raises(InvariantViolation, match="has -"):
        random_run(cluster(without=("resources",)), seed=1, steps=500)


@pytest.mark.parametrize("every,checks", [(1, 20), (5, 4), (100, 0)])
def test_checks_come_as_often_as_asked(cluster, every, checks):
    class Counting(Cluster):
        checked = 0

        def check(self):
            self.checked += 1

    counting = cluster(kind=Counting)
    random_run(counting, seed=1, steps=20, check_every=every)
    assert counting.checked == checks
