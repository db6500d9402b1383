from __future__ import annotations

from pathlib import Path

import pytest

from kube9.core.errors import FileError
from kube9.core.nodes import DeviceGroup, NodeSpec, Taint, TaintEffect
from kube9.simulator.nodefile import read_nodes

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def read(tmp_path):
    def reading(*lines):
        path = tmp_path / "nodes.any"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_nodes(str(path))

    return reading


FULL = NodeSpec(
    name="gpu-1",
    capacity={"cpu": 48_000, "memory": 2**38, "pods": 110, "example.com/fpga": 2},
    devices=(DeviceGroup(kind="gpu", count=4, milli=2000, model="V100"),),
    labels={"zone": "a", "disk": "ssd"},
    taints=(Taint("dedicated", "gpu", TaintEffect.NO_SCHEDULE), Taint("spot", effect=TaintEffect.NO_EXECUTE)),
)


def test_a_row_with_every_column(read):
    nodes = read(
        "name,cpu,memory,pods,gpu,gpu_milli,gpu_model,labels,taints,resource.example.com/fpga",
        "gpu-1,48,256Gi,110,4,2000,V100,zone=a;disk=ssd,dedicated=gpu:NoSchedule;spot:NoExecute,2",
    )
    assert nodes == (FULL,)


def test_an_object_with_every_field(read):
    nodes = read(
        '{"name": "gpu-1", "cpu": 48, "memory": "256Gi", "pods": 110, "gpu": 4, "gpu_milli": 2000, "gpu_model": "V100",'
        ' "labels": {"zone": "a", "disk": "ssd"}, "taints": ["dedicated=gpu:NoSchedule", "spot:NoExecute"],'
        ' "resource.example.com/fpga": 2}'
    )
    assert nodes == (FULL,)


def test_devices_of_any_kind_are_listed_in_json(read):
    (node,) = read('{"name": "a", "cpu": 1, "devices": [{"kind": "fpga", "count": 2, "milli": 250, "model": "x1"}]}')
    assert node.devices == (DeviceGroup(kind="fpga", count=2, milli=250, model="x1"),)
    assert node.capacity == {"cpu": 1000, "fpga": 500}


def test_the_node_list_of_openb(read):
    with_gpus, without = read("sn,cpu_milli,memory_mib,gpu,model", "n0,64000,262144,2,P100", "n1,32000,1024,0,")
    assert with_gpus == NodeSpec(
        name="n0",
        capacity={"cpu": 64_000, "memory": 2**38},
        devices=(DeviceGroup(kind="gpu", count=2, model="P100"),),
    )
    assert without == NodeSpec(name="n1", capacity={"cpu": 32_000, "memory": 2**30})


@pytest.mark.parametrize("name, names", [("nodes.csv", 5), ("nodes.jsonl", 2)])
def test_the_examples(name, names):
    assert len({node.name for node in read_nodes(str(EXAMPLES / name))}) == names


@pytest.mark.parametrize(
    "line, column, problem",
    [
        ("b,-1,1Gi,,,", "cpu", "cpu must not be negative"),
        ("b,,1Gi,,,", "cpu", "expected a value"),
        ("b,1,1Gb,,,", "memory", "expected a quantity of memory"),
        ("b,1,1Gi,-3,,", "gpu", "expected a whole number"),
        ("b,1,1Gi,1,spot,", "taints", "expected a taint as key=value:Effect"),
        ("b,1,1Gi,,,1.5", "resource.fpga", "fpga has no part finer than one"),
        ("a,1,1Gi,,,", "name", "node 'a' is named on line 2 already"),
        ("a b,1,1Gi,,,", None, "name must be letters"),
        ("b,1", None, "expected 6 cells"),
    ],
)
def test_a_malformed_row_is_told_with_line_and_column(read, line, column, problem):
    with pytest.raises(FileError) as caught:
        read("name,cpu,memory,gpu,taints,resource.fpga", "a,1,1Gi,,,", line)
    assert problem in caught.value.problem
    assert (caught.value.line, caught.value.column) == (3, column)


@pytest.mark.parametrize(
    "line, column, problem",
    [
        ("n1,64000,-1,2,P100", "memory_mib", "expected a whole number from 0 to 8589934592"),
        ("n1,64k,1,2,P100", "cpu_milli", "expected a whole number"),
        ("n1,64000,1,,P100", "gpu", "expected a value"),
        ("n0,64000,1,2,P100", "name", "node 'n0' is named on line 2 already"),
    ],
)
def test_a_malformed_row_of_an_openb_list(read, line, column, problem):
    with pytest.raises(FileError) as caught:
        read("sn,cpu_milli,memory_mib,gpu,model", "n0,1,1,0,", line)
    assert problem in caught.value.problem
    assert (caught.value.line, caught.value.column) == (3, column)


@pytest.mark.parametrize(
    "lines, problem",
    [
        (("",), "the file is empty"),
        (("name,cpu",), "the file names no nodes; expected at least one after the header"),
        (("sn,cpu_milli,memory_mib,gpu,model",), "the file names no nodes"),
        (("name,memory", "a,1Gi"), "missing column 'cpu'; known are name, cpu, memory"),
        (("name,cpu,mem", "a,1,1Gi"), "unknown column 'mem'"),
        (("sn,cpu_milli,gpu", "a,1,0"), "missing columns 'memory_mib', 'model'"),
        (('{"name": "a"}',), "missing field 'cpu'"),
    ],
)
def test_a_file_without_nodes_or_with_other_columns(read, lines, problem):
    with pytest.raises(FileError, match=problem):
        read(*lines)


def test_the_published_node_list(shared_data):
    nodes = read_nodes(str(shared_data / "openb" / "openb_node_list_gpu_node.csv"))
    assert len(nodes) == 1213
    assert sum(node.devices[0].count for node in nodes) == 6212
