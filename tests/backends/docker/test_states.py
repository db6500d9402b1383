from __future__ import annotations

import pytest

from kube9.backends.docker.states import NodeStates
from kube9.core.errors import NodeGone
from kube9.core.nodes import Node, NodeSpec

NODE = Node(uid="u", spec=NodeSpec(name="n"), ordinal=1)


def test_nothing_is_objected_to_before_anything_is_known():
    states = NodeStates()
    states.put("other", False)
    states.check(NODE)


def test_a_node_is_gone_where_it_has_no_container_or_that_is_down():
    states = NodeStates()
    assert states.fill({"u": True}) == {}
    states.check(NODE)
    states.put("u", False)
    with pytest.raises(NodeGone, match="is down"):
        states.check(NODE)
    states.drop("u")
    with pytest.raises(NodeGone, match="has no container"):
        states.check(NODE)


def test_what_was_known_before_is_handed_back():
    states = NodeStates()
    states.fill({"u": True, "v": False})
    assert states.fill({"u": False}) == {"u": True, "v": False}
