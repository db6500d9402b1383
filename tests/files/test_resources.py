from __future__ import annotations

import pytest

from kube9.core.errors import FileError, InvalidInput
from kube9.core.pods import DeviceRequest
from kube9.files.fields import models
from kube9.files.records import Record
from kube9.files.resources import amounts, check_resource, devices


def record(**values):
    return Record(path="f", line=7, values=values)


def pod_devices(**values):
    return devices(record(**values), DeviceRequest, {"models": models})


def test_amounts_of_known_and_extended_resources():
    found = amounts(record(name="a", cpu="2", memory="1Ki", **{"resource.example.com/fpga": 3}), ("cpu", "memory"))
    assert found == {"cpu": 2000, "memory": 1024, "example.com/fpga": 3}


def test_an_amount_that_is_needed():
    with pytest.raises(FileError, match="column 'cpu': expected a value"):
        amounts(record(memory="1Ki"), ("cpu", "memory"), needed=("cpu",))


@pytest.mark.parametrize("name", ["cpu", "memory", "pods", "gpu"])
def test_a_resource_with_a_field_of_its_own_is_not_given_as_extended(name):
    with pytest.raises(InvalidInput, match=f"write {name} instead of resource.{name}"):
        check_resource(name)
    with pytest.raises(FileError, match=f"f:7, column 'resource.{name}': "):
        amounts(record(**{f"resource.{name}": "1"}), ("cpu",))


def test_gpus():
    assert pod_devices() == ()
    assert pod_devices(gpu="0", gpu_milli="0") == ()
    assert pod_devices(gpu=2) == (DeviceRequest(kind="gpu", count=2),)
    assert pod_devices(gpu="1", gpu_milli="250", gpu_models="T4|A10") == (
        DeviceRequest(kind="gpu", count=1, milli=250, models=("T4", "A10")),
    )


def test_listed_devices_come_after_the_gpus():
    fpga = {"kind": "fpga", "count": 2, "milli": 500}
    assert pod_devices(gpu=1, devices=[fpga]) == (
        DeviceRequest(kind="gpu", count=1),
        DeviceRequest(kind="fpga", count=2, milli=500),
    )


@pytest.mark.parametrize(
    "values, column, problem",
    [
        ({"gpu": "-1"}, "gpu", "expected a whole number"),
        ({"gpu": "1.5"}, "gpu", "expected a whole number"),
        ({"gpu": "1", "gpu_milli": "0"}, "gpu_milli", "expected a whole number from 1"),
        ({"gpu_milli": "500"}, "gpu_milli", "expected a count in gpu as well"),
        ({"gpu_models": "T4"}, "gpu_models", "expected a count in gpu as well"),
        ({"devices": "gpu"}, "devices", "expected a list of objects with kind, count, milli, models, got 'gpu'"),
        ({"devices": ["gpu"]}, "devices", "expected an object with kind, count and perhaps milli, models, got 'gpu'"),
        ({"devices": [{"kind": "gpu"}]}, "devices", "expected an object with kind, count"),
        ({"devices": [{"kind": "gpu", "count": 1, "model": "T4"}]}, "devices", "expected an object with kind"),
        ({"devices": [{"kind": 5, "count": 1}]}, "devices", "expected text, got 5"),
        ({"devices": [{"kind": "gpu", "count": 0}]}, "devices", "expected a whole number from 1"),
    ],
)
def test_what_is_wrong_with_devices_is_told_with_the_field(values, column, problem):
    with pytest.raises(FileError, match=problem) as caught:
        pod_devices(**values)
    assert (caught.value.line, caught.value.column) == (7, column)
