from __future__ import annotations

import pytest

from kube9.core.errors import FileError
from kube9.core.nodes import TaintEffect
from kube9.core.pods import DeviceRequest, PodSpec, Toleration
from kube9.core.ports import Arrival
from kube9.plugins.traces.native import NativeReader


@pytest.fixture
def read(tmp_path):
    def reading(*lines):
        path = tmp_path / "pods.any"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        (trace,) = NativeReader().read(str(path))
        return trace

    return reading


FULL = Arrival(
    pod=PodSpec(
        name="train",
        namespace="team",
        requests={"cpu": 2500, "memory": 2**30, "example.com/fpga": 2},
        devices=(DeviceRequest(kind="gpu", count=2, milli=500, models=("T4", "V100")),),
        labels={"app": "train", "tier": "low"},
        node_selector={"zone": "a"},
        tolerations=(Toleration("dedicated", "gpu", effect=TaintEffect.NO_SCHEDULE), Toleration("spot", exists=True)),
        priority=-5,
        scheduler_name="best-fit",
    ),
    at_ms=90_500,
    duration_ms=300_000,
)


def test_a_row_with_every_column(read):
    trace = read(
        "name,namespace,arrival,duration,cpu,memory,gpu,gpu_milli,gpu_models,priority,labels,node_selector,"
        "tolerations,scheduler,resource.example.com/fpga",
        "train,team,90.5,5m,2500m,1Gi,2,500,T4|V100,-5,app=train;tier=low,zone=a,"
        "dedicated=gpu:NoSchedule;spot,best-fit,2",
    )
    assert (trace.instance, trace.timed, trace.arrivals) == ("pods", True, (FULL,))


def test_an_object_with_every_field(read):
    trace = read(
        '{"name": "train", "namespace": "team", "arrival": 90.5, "duration": "5m", "cpu": 2.5, "memory": "1Gi", '
        '"gpu": 2, "gpu_milli": 500, "gpu_models": ["T4", "V100"], "priority": -5, '
        '"labels": {"app": "train", "tier": "low"}, "node_selector": {"zone": "a"}, '
        '"tolerations": ["dedicated=gpu:NoSchedule", "spot"], "scheduler": "best-fit", "resource.example.com/fpga": 2}'
    )
    assert (trace.timed, trace.arrivals) == (True, (FULL,))


def test_devices_of_any_kind_are_listed_in_json(read):
    (arrival,) = read(
        '{"name": "a", "devices": [{"kind": "fpga", "count": 2, "milli": 250, "models": ["x1"]}]}'
    ).arrivals
    assert arrival.pod.devices == (DeviceRequest(kind="fpga", count=2, milli=250, models=("x1",)),)


@pytest.mark.parametrize("lines", [("name", "a", "b"), ("name,cpu", "a,1", "b,"), ('{"name": "a"}', '{"name": "b"}')])
def test_without_arrivals_only_the_order_counts(read, lines):
    trace = read(*lines)
    assert not trace.timed
    assert [(arrival.pod.name, arrival.at_ms) for arrival in trace.arrivals] == [("a", 0), ("b", 0)]


def test_an_empty_duration_means_to_the_end_and_zero_means_zero(read):
    trace = read("name,arrival,duration", "a,0,", "b,0,0")
    assert [arrival.duration_ms for arrival in trace.arrivals] == [None, 0]


def test_pods_of_equal_cells_are_equal_but_for_their_names(read):
    first, second = read("name,cpu,labels", "a,1,x=1", "b,1,x=1").arrivals
    assert first.pod.shape == second.pod.shape
    assert [first.pod.name, second.pod.name] == ["a", "b"]


def test_a_name_may_be_used_again_in_another_namespace(read):
    trace = read("name,namespace", "a,one", "a,two", "a,")
    assert [arrival.pod.namespace for arrival in trace.arrivals] == ["one", "two", "default"]


HEADER = "name,arrival,cpu,memory,gpu,labels,tolerations,namespace,priority"


@pytest.mark.parametrize(
    "line, column, problem",
    [
        (
            "b,soon,1,,,,,,",
            "arrival",
            "expected a time such as 90 or 1.5 (seconds), 250ms, 90s, 5m, 2h or 1d, got 'soon'",
        ),
        ("b,,1,,,,,,", "arrival", "expected a value, the cell is empty"),
        ("b,-5,1,,,,,,", "arrival", "expected a time"),
        ("b,0,-1,,,,,,", "cpu", "cpu must not be negative, got '-1'"),
        ("b,0,1,9999999999Gi,,,,,", "memory", "memory must be at most 8Pi"),
        ("b,0,1,8GB,,,,,", "memory", "expected a quantity of memory such as 256Mi or 8Gi, got '8GB'"),
        ("b,0,1m,,half,,,,", "gpu", "expected a whole number"),
        ("b,0,1,,,zone,,,", "labels", "expected labels such as zone=a;disk=ssd, got 'zone'"),
        ("b,0,1,,,,spot:Never,,", "tolerations", "expected a toleration"),
        ("b,0,1,,,,,a b,", None, "namespace must be letters"),
        ("b,0,1,,,,,,high", "priority", "expected a whole number"),
        ("a,0,1,,,,,,", "name", "pod 'a' in namespace 'default' is named on line 2 already"),
        ("-b,0,1,,,,,,", "name", "name must be letters"),
        (",0,1,,,,,,", "name", "expected a value"),
        ("b,0,1", None, "expected 9 cells, as many as the header has, got 3"),
    ],
)
def test_a_malformed_row_is_told_with_line_and_column(read, line, column, problem):
    with pytest.raises(FileError) as caught:
        read(HEADER, "a,0,1,,,,,,", line)
    assert problem in caught.value.problem
    assert (caught.value.line, caught.value.column) == (3, column)


@pytest.mark.parametrize(
    "line, column, problem",
    [
        ('{"name": "b"}', "arrival", "expected a value, there is none"),
        ('{"name": 5, "arrival": 1}', "name", "expected text, got 5"),
        ('{"name": "a", "arrival": 1}', "name", "is named on line 1 already"),
        ('{"name": "b c", "arrival": 1}', "name", "name must be letters"),
        ('{"name": "b", "arrival": true}', "arrival", "expected a number, got True"),
        ('{"name": "b", "arrival": 1, "cpu": -1}', "cpu", "cpu must not be negative"),
        ('{"name": "b", "arrival": 1, "cpu": ["1"]}', "cpu", "expected a number"),
        ('{"name": "b", "arrival": 1, "labels": {"a": 1}}', "labels", "expected an object of texts"),
        (
            '{"name": "b", "arrival": 1, "gpu": 1, "devices": [{"kind": "gpu", "count": 1}]}',
            None,
            "'gpu' is listed 2 times",
        ),
        ('{"name": "b", "arrival": 1, "resource.cpu": 1}', "resource.cpu", "write cpu instead of resource.cpu"),
        ('{"name": "b", "arival": 1}', None, "unknown field 'arival' (did you mean 'arrival'?)"),
    ],
)
def test_a_malformed_object_is_told_with_line_and_field(read, line, column, problem):
    with pytest.raises(FileError) as caught:
        read('{"name": "a", "arrival": 0}', line)
    assert problem in caught.value.problem
    assert (caught.value.line, caught.value.column) == (2, column)


def test_an_arrival_after_pods_without_one(read):
    with pytest.raises(FileError, match="give it to all pods or to none"):
        read('{"name": "a"}', '{"name": "b", "arrival": 1}')


def test_a_header_alone_is_no_list(read):
    with pytest.raises(FileError, match="expected at least one pod"):
        read("name,cpu")


@pytest.mark.parametrize(
    "head, so",
    [
        ("name\n", True),
        ("name,cpu,arrival\n", True),
        ("nmae,cpu,arrival\n", True),
        ('{"name": "a"}\n', True),
        ("name,cpu_milli,memory_mib,num_gpu,gpu_milli\n", False),
        ("sn,cpu_milli,memory_mib,gpu,model\n", False),
        ("20\n u120_00\n 150 120 48\n", False),
        ("; Version: 2\n", False),
    ],
)
def test_a_list_is_recognised_by_its_header(head, so):
    assert NativeReader().recognises("any", head) is so
