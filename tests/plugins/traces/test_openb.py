from __future__ import annotations

import pytest

from kube9.core.errors import FileError
from kube9.core.pods import DeviceRequest
from kube9.plugins.traces.openb import OpenbReader

HEADER = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time"


@pytest.fixture
def read(tmp_path):
    def reading(*lines):
        path = tmp_path / "pods.csv"
        path.write_text("\n".join(lines) + "\n")
        (trace,) = OpenbReader().read(str(path))
        return trace

    return reading


def test_a_pod_with_a_share_of_a_gpu(read):
    trace = read(HEADER, "pod-0,4000,15258,1,220,T4|P100,BE,Running,100,250,110")
    (arrival,) = trace.arrivals
    assert (trace.instance, trace.timed, trace.notes) == ("pods", True, ())
    assert (arrival.at_ms, arrival.duration_ms) == (100_000, 140_000)
    pod = arrival.pod
    assert (pod.name, pod.namespace, pod.labels) == ("pod-0", "default", {"qos": "BE"})
    assert pod.requests == {"cpu": 4000, "memory": 15258 * 2**20, "gpu": 220}
    assert pod.devices == (DeviceRequest(kind="gpu", count=1, milli=220, models=("T4", "P100")),)


@pytest.mark.parametrize("milli", ["0", "500"])
def test_a_pod_without_gpus_asks_for_no_device(read, milli):
    (arrival,) = read(HEADER, f"pod-0,4000,1024,0,{milli},,LS,Running,0,5,0").arrivals
    assert arrival.pod.devices == ()
    assert arrival.pod.requests == {"cpu": 4000, "memory": 2**30}


def test_whole_gpus(read):
    (arrival,) = read(HEADER, "pod-0,88000,327680,8,1000,,Burstable,Succeeded,0,5,0").arrivals
    assert arrival.pod.devices == (DeviceRequest(kind="gpu", count=8),)


@pytest.mark.parametrize(
    "times, at_ms, duration_ms, note",
    [
        ("10,60,20", 10_000, 40_000, None),
        ("10,60,", 10_000, 50_000, "(no scheduled_time): 1; they are taken to run from creation_time to deletion_time"),
        ("10,,20", 10_000, None, "without a deletion_time: 1; they run to the end"),
        ("10,20,20", 10_000, 0, None),
        ("10,15,20", 10_000, 0, "deleted before they began: 1; they end as soon as they start"),
        ("1.5,3.25,2", 1500, 1250, None),
    ],
)
def test_when_a_pod_comes_and_how_long_it_runs(read, times, at_ms, duration_ms, note):
    trace = read(HEADER, f"pod-0,1,1,0,0,,LS,Running,{times}")
    (arrival,) = trace.arrivals
    assert (arrival.at_ms, arrival.duration_ms) == (at_ms, duration_ms)
    assert len(trace.notes) == (note is not None)
    assert all(note in told for told in trace.notes)


def test_pods_stay_in_the_order_of_the_file(read):
    trace = read(HEADER, "b,1,1,0,0,,LS,Running,9,10,9", "a,1,1,0,0,,LS,Running,5,10,5")
    assert [arrival.pod.name for arrival in trace.arrivals] == ["b", "a"]


def test_columns_may_stand_in_any_order(read):
    (arrival,) = read("gpu_milli,num_gpu,creation_time,name,cpu_milli", "500,1,7,pod-0,250").arrivals
    assert (arrival.pod.name, arrival.at_ms, arrival.pod.requests) == ("pod-0", 7000, {"cpu": 250, "gpu": 500})


def test_a_list_without_times_has_only_an_order(read):
    trace = read("name,cpu_milli,memory_mib,num_gpu,gpu_milli", "pod-0,12000,16384,1,1000")
    assert (trace.timed, trace.notes) == (False, ())
    assert (trace.arrivals[0].at_ms, trace.arrivals[0].duration_ms) == (0, None)


def test_a_list_without_memory_says_so(read):
    trace = read("name,cpu_milli,num_gpu,gpu_milli", "pod-0,12000,1,1000")
    assert trace.arrivals[0].pod.requests == {"cpu": 12000, "gpu": 1000}
    assert trace.notes == ("The list has no memory_mib; its pods ask for no memory.",)


GOOD = "good,1,1,0,0,,LS,Running,0,1,0"


@pytest.mark.parametrize(
    "line, column, problem",
    [
        ("pod-0,-1,1,0,0,,LS,Running,0,1,0", "cpu_milli", "expected a whole number from 0"),
        ("pod-0,many,1,0,0,,LS,Running,0,1,0", "cpu_milli", "got 'many'"),
        ("pod-0,,1,0,0,,LS,Running,0,1,0", "cpu_milli", "expected a value, the cell is empty"),
        ("pod-0,1,99999999999,0,0,,LS,Running,0,1,0", "memory_mib", "expected a whole number from 0 to 8589934592"),
        ("pod-0,1,1,1.5,0,,LS,Running,0,1,0", "num_gpu", "expected a whole number"),
        ("pod-0,1,1,1,0,,LS,Running,0,1,0", "gpu_milli", "expected a whole number from 1"),
        ("pod-0,1,1,0,x,,LS,Running,0,1,0", "gpu_milli", "expected a whole number"),
        ("pod-0,1,1,1,500,T4||A10,LS,Running,0,1,0", "gpu_spec", "expected models joined by '|'"),
        ("pod-0,1,1,1025,1000,,LS,Running,0,1,0", "num_gpu", "expected a whole number from 0 to 1024"),
        ("pod-0,1,1,2,9007199254740992,,LS,Running,0,1,0", None, "gpu must be at most"),
        ("pod-0,1,1,1,1000,T\0,LS,Running,0,1,0", None, "NUL"),
        ("pod-0,1,1,0,0,,L S,Running,0,1,0", None, "labels: qos must be a text that is empty or of letters"),
        (",1,1,0,0,,LS,Running,0,1,0", "name", "expected a value"),
        ("a b,1,1,0,0,,LS,Running,0,1,0", "name", "name must be letters, digits"),
        ("good,1,1,0,0,,LS,Running,0,1,0", "name", "pod 'good' is named on line 2 already"),
        ("pod-0,1,1,0,0,,LS,Running,,1,0", "creation_time", "expected a value"),
        ("pod-0,1,1,0,0,,LS,Running,-5,1,0", "creation_time", "expected a time in seconds"),
        ("pod-0,1,1,0,0,,LS,Running,0,5m,0", "deletion_time", "expected a time in seconds"),
        ("pod-0,1,1,0,0,,LS,Running,0,1,99999999999999", "scheduled_time", "expected a time of at most"),
        ("pod-0,1,1,0,0,,LS,Running,0,1", None, "expected 11 cells, as many as the header has, got 10"),
    ],
)
def test_a_malformed_line_is_told_with_line_and_column(read, line, column, problem):
    with pytest.raises(FileError) as caught:
        read(HEADER, GOOD, line)
    assert problem in caught.value.problem
    assert (caught.value.line, caught.value.column) == (3, column)


@pytest.mark.parametrize(
    "header, problem",
    [
        ("name,memory_mib", "missing columns 'cpu_milli', 'num_gpu', 'gpu_milli'"),
        ("name,cpu_mili,num_gpu,gpu_milli", r"unknown column 'cpu_mili' \(did you mean 'cpu_milli'\?\)"),
    ],
)
def test_a_malformed_header(read, header, problem):
    with pytest.raises(FileError, match=problem):
        read(header, GOOD)


def test_a_header_alone_is_no_list(read):
    with pytest.raises(FileError, match="expected at least one pod after the header"):
        read(HEADER)


@pytest.mark.parametrize(
    "head, so",
    [
        (HEADER + "\npod-0,", True),
        ("name,cpu_milli,memory_mib,num_gpu,gpu_milli\n", True),
        ("name,cpu_milli,memory,num_gpu,gpu_mili\n", True),
        ("sn,cpu_milli,memory_mib,gpu,model\n", False),
        ("name,cpu,memory,gpu,gpu_milli\n", False),
        ("; Version: 2\n", False),
        ("", False),
    ],
)
def test_a_list_is_recognised_by_its_header(head, so):
    assert OpenbReader().recognises("any.csv", head) is so


@pytest.mark.parametrize("name, never_ran", [("default", 897), ("gpushare40", 981), ("gpuspec33", 897)])
def test_the_published_lists(shared_data, name, never_ran):
    (trace,) = OpenbReader().read(str(shared_data / "openb" / f"openb_pod_list_{name}.csv"))
    assert len(trace.arrivals) == 8152
    assert trace.timed
    assert len(trace.notes) == 1
    assert f": {never_ran};" in trace.notes[0]
    wanting_gpus = [arrival.pod for arrival in trace.arrivals if arrival.pod.devices]
    assert len(wanting_gpus) == 8152 - 1088
    assert any(pod.devices[0].models for pod in wanting_gpus) is (name == "gpuspec33")
