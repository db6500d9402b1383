"""The plugins that docs/howto/write-a-plugin.md shows load, and do what the page says of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kube9.app import App
from kube9.cli.newpackage import KINDS
from kube9.core import ports
from kube9.core import stimuli as s
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec
from kube9.core.ports import HeartbeatHistory
from kube9.testing import table_of

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "write-a-plugin.md"
SHOWN = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
ALONE = {"KUBE9_PLUGINS": ""}


@pytest.fixture
def load(tmp_path):
    """Load the plugin of the page that holds a text, strictly."""

    def load(text):
        (code,) = [code for code in SHOWN if text in code]
        path = tmp_path / "shown.py"
        path.write_text(code, encoding="utf-8")
        return App.load([str(path)], strict=True, env=ALONE)

    return load


def cluster_of(app, scheduler, *nodes):
    cluster = app.make_cluster(scheduler=scheduler)
    for node in nodes:
        cluster.handle(s.AddNode(at_ms=0, uid=node.name, spec=node))
        cluster.handle(s.NodeJoined(at_ms=0, uid=node.name))
    return cluster


def launch(cluster, pod):
    cluster.handle(s.LaunchPod(at_ms=0, uid=pod.name, spec=pod))
    return cluster.pods[pod.name]


LARGE = NodeSpec(name="large", capacity={"cpu": 8000, "memory": 2**34}, labels={"zone": "a"})
SMALL = NodeSpec(name="small", capacity={"cpu": 2000, "memory": 2**32}, labels={"zone": "b"})


def test_there_are_plugins_on_the_page():
    assert len(SHOWN) >= 6


@pytest.mark.parametrize("number", range(len(SHOWN)))
def test_each_plugin_loads_and_brings_something(load, number):
    info = load(SHOWN[number]).plugins.infos[-1]
    assert info.error is None
    assert info.offers or info.hooks


@pytest.mark.parametrize(
    "scheduler, labels, node",
    [
        ("tightest-memory", {}, "small"),
        ("same-zone", {"zone": "b"}, "small"),
        ("same-zone", {"zone": "a"}, "large"),
        ("packed", {}, "small"),
        ("packed:resource=memory", {}, "small"),
    ],
)
def test_the_policies_place_pods_as_they_say(load, scheduler, labels, node):
    app = load(f'"{scheduler.partition(":")[0]}"')
    pod = PodSpec(name="pod", requests={"cpu": 100, "memory": 2**20}, labels=labels)
    assert launch(cluster_of(app, scheduler, LARGE, SMALL), pod).node_uid == node


def test_the_filter_keeps_pods_away_and_says_why(load):
    closed = NodeSpec(name="closed", capacity={"cpu": 1000}, labels={"quarantine": "yes"})
    cluster = cluster_of(load("Quarantine"), "best-fit", closed)
    assert launch(cluster, PodSpec(name="any")).reason == "0 of 1 nodes fit: 1 in quarantine"
    assert launch(cluster, PodSpec(name="own", labels={"quarantine": "yes"})).node_uid == "closed"


def test_the_health_check_counts_missed_beats(load):
    check = load("MissedBeats").make_health_check("missed-beats:fail_after=20")
    assert (check.suspect_at, check.fail_at) == (3.0, 20.0)
    assert check.suspicion(HeartbeatHistory(arrivals_ms=(0, 1_000), interval_ms=1_000), 5_000) == 4.0


def test_every_kind_there_is_a_template_for_is_on_the_page():
    listed = re.findall(
        r"^\| `([a-z]+)` \|.*\]\(#([a-z-]+)\) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert [kind for kind, _ in listed] == list(KINDS)
    titles = re.findall(r"^## (.*)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {anchor for _, anchor in listed} <= {title.lower().replace(" ", "-") for title in titles}


def test_what_a_policy_may_go_by_is_there():
    nodes = table_of([NodeSpec(name="n", capacity={"cpu": 4000}, labels={"disk": "ssd"})])
    text = PAGE.read_text(encoding="utf-8")
    shown = re.findall(r"^\| (`nodes\..*?) \|", text, flags=re.MULTILINE)
    assert len(shown) == 7
    for code in re.findall(r"`(.*?)`", " ".join(shown)):
        assert len(eval(code, {"nodes": nodes, "row": 0})) >= 1


def test_every_answer_of_a_backend_can_be_imported(load):
    text = PAGE.read_text(encoding="utf-8")
    _, _, section = text.partition("## A backend\n")
    rows = re.findall(r"^\| .* \| (.*) \|$", section.partition("## A trace reader")[0], flags=re.MULTILINE)
    names = set(re.findall(r"`([A-Z]\w+)`", " ".join(rows)))
    assert len(names) > 8
    assert names <= set(ports.__all__)


def test_the_reader_reads_its_files(load, tmp_path):
    path = tmp_path / "day.cores"
    path.write_text("4\n1\n", encoding="utf-8")
    (trace,) = load("CoresPerLine").read_trace(str(path))
    assert [arrival.pod.requests["cpu"] for arrival in trace.arrivals] == [4000, 1000]
    assert (trace.instance, trace.timed) == ("day", False)


def test_the_hooks_hear_of_a_lost_node(load, capsys):
    app = load("kube9_node_lost")
    cluster = cluster_of(app, "best-fit", SMALL)
    launch(cluster, PodSpec(name="pod"))
    for stimulus in (s.FailNode(at_ms=5, uid="small"), s.GiveUpNode(at_ms=6, uid="small", reason="no power")):
        for event in cluster.handle(stimulus).events:
            app.door.announce(event)
    assert capsys.readouterr().err == "default/pod has to leave small\n6 ms: small was given up: no power\n"
