from __future__ import annotations

import pytest

from kube9.core.errors import DuplicateName, FileError, InvalidInput
from kube9.core.nodes import DeviceGroup, NodeSpec, Taint, TaintEffect
from kube9.simulator.nodespec import NodePlan, parse_nodes


def only(text):
    """The one node of a spec."""
    (node,) = parse_nodes(text).nodes
    return node


def test_a_spec_with_every_key():
    node = only(
        "cpu=32,memory=128Gi,pods=110,gpu=8:V100,gpu_milli=2000,label.zone=a,label.kubernetes.io/os=linux,"
        "taint.dedicated=gpu:NoSchedule,taint.spot=NoExecute,example.com/fpga=2,resource.memory-bandwidth=7,name=big"
    )
    assert node == NodeSpec(
        name="big-0001",
        capacity={
            "cpu": 32_000,
            "memory": 2**37,
            "pods": 110,
            "example.com/fpga": 2,
            "memory-bandwidth": 7,
        },
        devices=(DeviceGroup(kind="gpu", count=8, milli=2000, model="V100"),),
        labels={"zone": "a", "kubernetes.io/os": "linux"},
        taints=(Taint("dedicated", "gpu", TaintEffect.NO_SCHEDULE), Taint("spot", effect=TaintEffect.NO_EXECUTE)),
    )


@pytest.mark.parametrize(
    "text, first, last, count",
    [
        ("cpu=1", "node-0001", "node-0001", 1),
        ("100xcpu=1", "node-0001", "node-0100", 100),
        ("12000xcpu=1", "node-00001", "node-12000", 12_000),
        ("2xname=gpu,cpu=1", "gpu-0001", "gpu-0002", 2),
    ],
)
def test_a_number_before_an_x_says_how_many(text, first, last, count):
    nodes = parse_nodes(text).nodes
    assert (nodes[0].name, nodes[-1].name, len(nodes)) == (first, last, count)
    assert len({node.capacity["cpu"] for node in nodes}) == 1


@pytest.mark.parametrize(
    "text, devices",
    [
        ("cpu=1,gpu=8", (DeviceGroup(kind="gpu", count=8),)),
        ("cpu=1,gpu=8:V100M32", (DeviceGroup(kind="gpu", count=8, model="V100M32"),)),
        ("cpu=1,gpu=0", ()),
        ("cpu=1", ()),
    ],
)
def test_gpus(text, devices):
    assert only(text).devices == devices


def test_auto_opens_nodes_of_one_shape_as_needed():
    plan = parse_nodes("auto:cpu=150m,label.zone=a")
    assert plan.nodes == ()
    assert plan.opened(1) == NodeSpec(name="auto-0001", capacity={"cpu": 150}, labels={"zone": "a"})
    assert plan.opened(12345).name == "auto-12345"


def test_a_plan_without_auto_opens_none():
    with pytest.raises(InvalidInput, match="opens no further nodes"):
        parse_nodes("cpu=1").opened(1)


def test_a_path_is_read_as_a_node_file(tmp_path):
    path = tmp_path / "n=2,cpu=1.csv"
    path.write_text("name,cpu\na,1\n")
    assert parse_nodes(str(path)) == NodePlan(nodes=(NodeSpec(name="a", capacity={"cpu": 1000}),))


def test_a_malformed_file_is_told_as_a_file(tmp_path):
    path = tmp_path / "nodes.csv"
    path.write_text("name,cpu\na,x\n")
    with pytest.raises(FileError, match=r"nodes\.csv:2, column 'cpu'"):
        parse_nodes(str(path))
    with pytest.raises(FileError, match="expected a file, got a directory"):
        parse_nodes(str(tmp_path))


@pytest.mark.parametrize("text", ["", "nodes.csv", "4x", "auto:", "4x4cpu,8Gi"])
def test_what_is_neither_a_file_nor_a_spec_is_told_of_both(text):
    with pytest.raises(InvalidInput) as caught:
        parse_nodes(text)
    assert "expected a node file, and there is none of that name, or a spec such as 100xcpu=32" in str(caught.value)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "text, problem",
    [
        ("cpu=-1", "in 'cpu=-1': cpu must not be negative"),
        ("cpu=lots", "in 'cpu=lots': expected a quantity of cpu such as 500m or 2, got 'lots'"),
        ("cpu=1,memory=9999999999Gi", "in 'memory=9999999999Gi': memory must be at most"),
        ("cpu=1,pods=1.5", "in 'pods=1.5': pods has no part finer than one"),
        ("cpu=1,cpu=2", "'cpu' is given twice"),
        ("cpu=1,fpga=1,resource.fpga=2", "'fpga' is given twice"),
        ("cpu=1,,memory=1Gi", "expected key=value between commas, got ''"),
        ("cpu=1,memory", "expected key=value between commas, got 'memory'"),
        ("cpu=", "expected key=value between commas, got 'cpu='"),
        ("=1", "expected key=value between commas, got '=1'"),
        ("auto:cpu=x", "in 'cpu=x': expected a quantity of cpu"),
        ("0xcpu=1", "in '0x': expected a whole number from 1 to 1000000, got '0'"),
        ("1000001xcpu=1", "expected a whole number from 1 to 1000000"),
        ("cpus=1", "did you mean 'cpu'? A resource that is really called so is resource.cpus"),
        ("cpu=1,mem=1Gi", "did you mean 'memory'?"),
        ("cpu=1,memroy=1Gi", "did you mean 'memory'?"),
        ("cpu=1,labels=a", "did you mean 'label.KEY'?"),
        ("cpu=1,resource.cpu=2", "write cpu instead of resource.cpu"),
        ("cpu=1,label.=a", "in 'label.=a': expected labels"),
        ("cpu=1,taint.spot=Never", "in 'taint.spot=Never': expected a taint as key=value:Effect"),
        ("cpu=1,gpu=x:V100", "in 'gpu=x:V100': expected a whole number"),
        ("cpu=1,gpu=1,gpu_milli=0", "in 'gpu_milli=0': expected a whole number from 1"),
        ("cpu=1,gpu_milli=500", "gpu_milli needs a count in gpu as well"),
        ("cpu=1,name=a b", "name must be letters"),
    ],
)
def test_a_malformed_spec_names_the_part(text, problem):
    with pytest.raises(InvalidInput) as caught:
        parse_nodes(text)
    assert problem in str(caught.value)
    assert "there is no file of that name" in str(caught.value)


def test_plans_are_joined_in_order():
    plan = NodePlan.join([parse_nodes("2xcpu=1"), parse_nodes("cpu=2,name=big"), parse_nodes("auto:cpu=3")])
    assert [node.name for node in plan.nodes] == ["node-0001", "node-0002", "big-0001"]
    assert plan.auto is not None
    assert plan.auto.capacity == {"cpu": 3000}
    assert NodePlan.join([]) == NodePlan()


@pytest.mark.parametrize(
    "texts, problem",
    [
        (("cpu=1", "cpu=2"), "two nodes are called 'node-0001'; give one spec a prefix, such as name=big"),
        (("cpu=1,name=auto", "auto:cpu=2"), "'auto-0001' is called like the nodes that auto: opens"),
    ],
)
def test_plans_with_a_name_in_common_are_not_joined(texts, problem):
    with pytest.raises(DuplicateName, match=problem):
        NodePlan.join(map(parse_nodes, texts))


def test_only_one_shape_can_be_opened_as_needed():
    with pytest.raises(InvalidInput, match="auto: is given twice"):
        NodePlan.join([parse_nodes("auto:cpu=1"), parse_nodes("auto:cpu=2")])


def test_another_option_has_its_own_name_and_prefix():
    plan = parse_nodes("2xcpu=1", option="--add", prefix="new")
    assert [node.name for node in plan.nodes] == ["new-0001", "new-0002"]
    assert [node.name for node in parse_nodes("name=big,cpu=1", prefix="new").nodes] == ["big-0001"]
    with pytest.raises(InvalidInput, match="^--add 'x=': expected key=value"):
        parse_nodes("x=", option="--add")
    with pytest.raises(DuplicateName, match="^--add: two nodes are called 'new-0001'"):
        NodePlan.join([plan, plan], option="--add")
