"""The times that docs/explanation/fencing.md tells are those at which it happens."""

from __future__ import annotations

import re
from pathlib import Path

from kube9.app import App
from kube9.core import stimuli as s
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec
from kube9.core.watch import LEASE_MS, usual_watch
from kube9.plugins.health import Heartbeat

PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "fencing.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([\d.]+) s \| (.*?) \| (.*?) \|$", PAGE, flags=re.MULTILINE)

#: What the server tells, by the page's name for it.
TOLD = ("NodeSuspected", "NodeFailed", "PodEvicted", "PodBound")


def ms(text):
    return round(float(text) * 1000)


def test_the_server_does_what_the_page_says_when_it_says():
    shown = {name: ms(at) for at, server, _ in ROWS for name in TOLD if f"`{name}`" in server}
    assert shown == {name: at for name, at in what_a_cut_leads_to().items() if name in TOLD}
    assert shown.keys() == set(TOLD)


def test_the_node_stops_its_pods_when_the_page_says():
    assert [ms(at) for at, _, node in ROWS if "it kills its pods" in node] == [LEASE_MS]


def what_a_cut_leads_to():
    """When each event is told of a node that is heard at 0 and never again, while two others are."""
    cluster = App.load(env={"KUBE9_PLUGINS": ""}).make_cluster(scheduler="best-fit")
    watch = usual_watch(Heartbeat())
    names = ("cut", "two", "three")
    for name in names:
        spec = NodeSpec(name=name, capacity={"cpu": 1000})
        cluster.handle(s.AddNode(at_ms=0, uid=name, spec=spec))
        cluster.handle(s.NodeJoined(at_ms=0, uid=name))
        watch.heard(name, 0)
    cluster.handle(s.LaunchPod(at_ms=0, uid="pod", spec=PodSpec(name="pod", requests={"cpu": 500})))
    found = {}
    for at_ms in range(1, LEASE_MS + 2000):
        if at_ms % 1000 == 0:
            for name in names[1:]:
                watch.heard(name, at_ms)
        judged = [*watch.judge(tuple(cluster.nodes.values()), at_ms)] if at_ms % 100 == 0 else []
        for stimulus in [*judged, s.TimePassed(at_ms=at_ms)]:
            for event in cluster.handle(stimulus).events:
                found.setdefault(type(event).__name__, at_ms)
    return found
