from __future__ import annotations

import pytest

from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.nodes import NodeSpec
from kube9.core.pipeline import Pipeline
from kube9.core.pods import PodSpec
from kube9.core.settings import Settings
from kube9.plugins.devices import LeastLeft
from kube9.plugins.filters import Devices, NodeReady, NodeSelector, Resources, Taints
from kube9.plugins.policies import FirstFit
from kube9.plugins.queues import Priority

FILTERS = (
    ("node-ready", NodeReady()),
    ("node-selector", NodeSelector()),
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
        self.cluster = Cluster(
            pipelines=pipelines,
            default="usual",
            discipline=discipline or Priority(),
            settings=Settings(**(settings or {})),
        )
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
    if hasattr(thing, "node"):
        words.append(thing.node.name)
    if hasattr(thing, "node_name"):
        words.append(thing.node_name)
    return " ".join(words)


@pytest.fixture(scope="session")
def drive():
    return Drive
