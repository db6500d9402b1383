from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.deployments import Deployment, DeploymentSpec
from kube9.core.drains import Drain
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.pods import Owner, Pod, PodPhase, PodSpec
from kube9.store.rows import DEPLOYMENTS, NODES, PODS
from kube9.store.spectext import SpecReader, SpecWriter

POD = PodSpec(name="p", requests={"cpu": 1})
NODE = NodeSpec(name="n", capacity={"cpu": 1})
DEPLOYMENT = DeploymentSpec(name="d", template=PodSpec(name="d"))

numbers = st.integers(0, 2**53)
words = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=5)
flags = st.booleans()
devices = st.dictionaries(st.sampled_from(("gpu", "nvidia.com/gpu")), st.lists(st.integers(0, 15)).map(tuple))

drains = st.builds(
    Drain,
    began_at_ms=numbers,
    deadline_at_ms=st.none() | numbers,
    parallel=st.integers(1, 9),
    interval_ms=st.integers(0, 9),
    grace_ms=st.none() | st.integers(0, 9),
    move_batch=flags,
    pods=numbers,
    moving=st.lists(words, max_size=2).map(tuple),
    last_at_ms=st.none() | numbers,
    waiting_for=words,
)
nodes = st.builds(
    Node,
    uid=words,
    spec=st.just(NODE),
    ordinal=numbers,
    phase=st.sampled_from(NodePhase),
    cordoned=flags,
    drain=st.none() | drains,
    deleting=flags,
    failures=numbers,
    recovery_attempts=numbers,
    lease_left_ms=numbers,
    failed_at_ms=st.none() | numbers,
    streak=numbers,
    tried_last=flags,
    incarnation=words,
    reason=words,
    created_at_ms=numbers,
    token_digest=words,
)
pods = st.builds(
    Pod,
    uid=words,
    spec=st.just(POD),
    ordinal=numbers,
    created_at_ms=numbers,
    phase=st.sampled_from(PodPhase),
    node_uid=st.none() | words,
    epoch=numbers,
    devices=devices,
    deleting=flags,
    evicting=flags,
    leaving=flags,
    owner=st.none() | st.builds(Owner, words, numbers),
    started_at_ms=st.none() | numbers,
    finished_at_ms=st.none() | numbers,
    start_failures=numbers,
    exit_code=st.none() | st.integers(-255, 255),
    reason=words,
)
deployments = st.builds(
    Deployment,
    uid=words,
    spec=st.just(DEPLOYMENT),
    ordinal=numbers,
    created_at_ms=numbers,
    revision=numbers,
    launched=numbers,
    failures=numbers,
    deleting=flags,
)
KINDS = {"nodes": (NODES, nodes), "pods": (PODS, pods), "deployments": (DEPLOYMENTS, deployments)}

each_kind = pytest.mark.parametrize("kind,values", KINDS.values(), ids=KINDS)


@each_kind
def test_a_value_is_its_row(kind, values):
    writer, reader = SpecWriter(), SpecReader()

    @given(values)
    def holds(value):
        row = kind.state(value) + kind.spec(value, writer)
        assert kind.value(row, reader) == value
        assert dict(zip(kind.columns, row, strict=True))["uid"] == value.uid

    holds()


@each_kind
def test_every_column_has_its_place_in_a_row(kind, values):
    assert sorted(kind.columns) == sorted(kind.table.columns.keys())
    assert kind.state_columns[-1] == "uid"


@each_kind
def test_every_field_is_in_the_row(kind, values):
    """A field that the core gets later is not forgotten here: two values that differ have rows that differ."""
    writer = SpecWriter()

    @given(values, values)
    def holds(one, other):
        rows = [kind.state(value) + kind.spec(value, writer) for value in (one, other)]
        assert (rows[0] == rows[1]) == (one == other)

    holds()
