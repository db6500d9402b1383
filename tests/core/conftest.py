from __future__ import annotations

import pytest

from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.deployments import DeploymentSpec
from kube9.core.nodes import NodeSpec
from kube9.core.outcome import InspectNode, StopPod
from kube9.core.pipeline import Pipeline
from kube9.core.pods import PodReport, PodSpec
from kube9.core.settings import Settings
from kube9.core.whatif import WhatIf
from kube9.plugins.devices import LeastLeft
from kube9.plugins.filters import Devices, NodeAffinity, NodeReady, NodeSelector, Resources, Taints
from kube9.plugins.policies import FirstFit
from kube9.plugins.queues import Priority

FILTERS = (
    ("node-ready", NodeReady()),
    ("node-selector", NodeSelector()),
    ("node-affinity", NodeAffinity()),
    ("taints", Taints()),
    ("resources", Resources()),
    ("devices", Devices()),
)


class Drive:
    """A cluster and a short word for each thing that may happen to it; every invariant is checked after each.

    Names are uids. Time is ``now_ms``, which a test moves. With ``checked=False`` strategies that count how often they
    are asked are asked by the cluster alone.
    """

    usual_filters = FILTERS

    def __init__(
        self,
        scheduler=None,
        *,
        others=None,
        filters=FILTERS,
        more_filters=(),
        chooser=None,
        discipline=None,
        settings=None,
        checked=True,
    ) -> None:
        schedulers = {"usual": scheduler or FirstFit(), **(others or {})}
        pipelines = {
            name: Pipeline(
                name=name,
                scheduler=each,
                filters=(*filters, *more_filters),
                chooser=chooser or LeastLeft(),
                owner="some-package 1.2",
            )
            for name, each in schedulers.items()
        }
        self.parts = {
            "pipelines": pipelines,
            "default": "usual",
            "discipline": discipline or Priority(),
            "settings": Settings(**(settings or {})),
        }
        self.cluster = Cluster(**self.parts)
        self.checked = checked
        self.now_ms = 0
        self.outcome = None

    def tell(self, kind, uid=None, **more):
        """Let one stimulus happen now, and return its outcome."""
        about = {} if uid is None else {"uid": uid}
        self.outcome = self.cluster.handle(kind(at_ms=self.now_ms, **about, **more))
        if self.checked:
            self.cluster.check()
        return self.outcome

    def at(self, now_ms):
        self.now_ms = now_ms
        return self

    def ask_for(self, name, capacity=None, **spec):
        """Ask for a node, which has not joined yet."""
        return self.tell(s.AddNode, name, spec=NodeSpec(name=name, capacity=capacity or {"cpu": 1000}, **spec))

    def node(self, name, capacity=None, **spec):
        """Ask for a node and let it join at once."""
        self.ask_for(name, capacity, **spec)
        return self.tell(s.NodeJoined, name)

    def pod(self, name, cpu=500, *, requests=None, **spec):
        asked = {"cpu": cpu} if requests is None else requests
        return self.tell(s.LaunchPod, name, spec=PodSpec(name=name, requests=asked, **spec))

    def started(self, name):
        return self.tell(s.PodStarted, name, epoch=self.pods[name].epoch)

    def not_started(self, name, reason="no image"):
        return self.tell(s.StartPodFailed, name, epoch=self.pods[name].epoch, reason=reason)

    def exited(self, name, exit_code=0):
        return self.tell(s.PodExited, name, epoch=self.pods[name].epoch, exit_code=exit_code)

    def stopped(self, name):
        return self.tell(s.StopPodDone, name, epoch=self.pods[name].epoch)

    def deploy(self, name="web", replicas=1, cpu=100, *, max_unavailable=1, **template):
        """Ask for a deployment, or for the next state of the one of that name, whose uid is the name."""
        spec = DeploymentSpec(
            name=name,
            replicas=replicas,
            template=PodSpec(name=name, requests={"cpu": cpu}, **template),
            max_unavailable=max_unavailable,
        )
        return self.tell(s.ApplyDeployment, name, spec=spec)

    def scale(self, name, replicas):
        return self.tell(s.ScaleDeployment, name, replicas=replicas)

    def fail(self, *names):
        """Let nodes fail at one moment, whose leases end together a little later."""
        for name in names:
            self.tell(s.FailNode, name, lease_left_ms=1)
        self.at(self.now_ms + 1).tell(s.TimePassed)

    def drain(self, name):
        """Drain a node, each pod of which ends as soon as it is told to."""
        told = self.tell(s.DrainNode, name).instructions
        while told:
            stops = [each for each in told if isinstance(each, StopPod)]
            told = [later for stop in stops for later in self.stopped(stop.pod.uid).instructions]

    def foresee(self, **wanted):
        """What would become of the cluster."""
        return self.finish(self.cluster.foresee(WhatIf(**wanted)))

    @staticmethod
    def finish(steps):
        """What the last of some steps returns."""
        while True:
            try:
                next(steps)
            except StopIteration as done:
                return done.value

    def restart(self, **parts):
        """Go on with a new cluster from what the old one has, and return what it said to that."""
        before, self.cluster = self.cluster, Cluster(**(self.parts | parts))
        self.outcome = self.cluster.restore(
            before.nodes.values(), before.pods.values(), before.deployments.values(), at_ms=self.now_ms
        )
        self.cluster.check()
        return self.outcome

    def found(self):
        """Let every node that was looked for say that it runs just what it should."""
        for instruction in self.outcome.instructions:
            if isinstance(instruction, InspectNode):
                node = instruction.node
                pods = [pod for pod in self.pods.values() if pod.node_uid == node.uid and not pod.phase.finished]
                reports = tuple(PodReport(pod_uid=pod.uid, epoch=pod.epoch, phase=pod.phase) for pod in pods)
                self.tell(s.NodeReported, node.uid, pods=reports)

    def state(self):
        """All that a request that is refused, or only asks, must leave alone."""
        cluster, table = self.cluster, self.cluster.table
        columns = [
            {name: column.tolist() for name, column in group.items()}
            for group in (table.free, table.capacity, table.devices, table.device_count)
        ]
        things = dict(cluster.nodes), dict(cluster.pods), dict(cluster.deployments)
        return *things, columns, cluster.waiting, cluster.due_at_ms, cluster.now_ms

    @property
    def deployments(self):
        return self.cluster.deployments

    def alive(self):
        """Uid and phase of each pod that has not ended and is not being deleted."""
        return {uid: pod.phase.value for uid, pod in self.pods.items() if not pod.deleting and not pod.phase.finished}

    @property
    def pods(self):
        return self.cluster.pods

    @property
    def nodes(self):
        return self.cluster.nodes

    def where(self):
        """The node of every pod that has one."""
        return {uid: pod.node_uid for uid, pod in self.pods.items() if pod.node_uid is not None}

    def told(self):
        """What the last outcome told, one line per event, then one per instruction, without reasons."""
        return [*map(line, self.outcome.events), *map(line, self.outcome.instructions)]


def line(thing):
    """An event or instruction in a few words: ``PodBound p n``, ``RestartNode n``."""
    words = [type(thing).__name__]
    if hasattr(thing, "pod"):
        words.append(thing.pod.name)
    if hasattr(thing, "deployment"):
        words.append(thing.deployment.name)
    if hasattr(thing, "node"):
        words.append(thing.node.name)
    if hasattr(thing, "node_name"):
        words.append(thing.node_name)
    return " ".join(words)


class Fussy:
    """Ranks any pod but one."""

    blocks = False
    refuses = "odd"

    def key(self, pod, _arrived_ms):
        if pod.name == self.refuses:
            raise ZeroDivisionError("of all things")
        return (0,)


@pytest.fixture
def fussy():
    return Fussy()


@pytest.fixture(scope="session")
def drive():
    return Drive
