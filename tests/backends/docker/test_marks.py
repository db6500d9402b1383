from __future__ import annotations

from kube9.agent import labels
from kube9.backends.docker.marks import Marks
from kube9.core.nodes import Node, NodeSpec

MARKS = Marks("c-1")
NODE = Node(uid="u", spec=NodeSpec(name="n"), ordinal=1)


def test_everything_bears_the_mark_of_its_cluster():
    assert MARKS.node_labels(NODE)[labels.CLUSTER] == "c-1"
    assert MARKS.network_labels()[labels.CLUSTER] == "c-1"
    for wanted in (MARKS.of_nodes, MARKS.of_node("u"), MARKS.of_copy("u", "p", 3)):
        assert "kube9.cluster=c-1" in wanted


def test_a_nodes_container_is_told_from_those_of_pods_and_of_other_clusters():
    mine = {"Labels": MARKS.node_labels(NODE)}
    assert MARKS.is_node(mine)
    assert MARKS.node_uid(mine) == "u"
    assert not Marks("c-2").is_node(mine)
    assert not MARKS.is_node({"Labels": {**mine["Labels"], labels.ROLE: "container"}})
    assert not MARKS.is_node({"Labels": None})
    assert MARKS.node_uid({}) == ""


def test_names_tell_clusters_apart():
    assert MARKS.container_name(NODE) == "kube9-c-1-n"
    assert Marks("c-2").container_name(NODE) == "kube9-c-2-n"
    assert MARKS.network_name == "kube9-c-1"
