from __future__ import annotations

import pytest
from attrs import field, frozen

from kube9.core.errors import InvalidInput
from kube9.core.nodes import DeviceGroup
from kube9.core.quantities import QUANTITY_MAX
from kube9.core.validation import (
    amounts,
    device_kind,
    device_totals,
    not_negative,
    positive,
    unique_kinds,
    valid_name,
)


@frozen
class Named:
    title: str = field(validator=valid_name)


@frozen
class Counted:
    number: int = field(validator=positive)


@frozen
class Owing:
    number: int = field(validator=not_negative)


@frozen
class Equipped:
    sort: str = field(validator=device_kind)


@frozen
class Holding:
    contents: dict = field(validator=amounts)


@frozen
class Carrying:
    parts: tuple = field(validator=unique_kinds)


@pytest.mark.parametrize("name", ["a", "A9", "node-1.rack_2", "nvidia.com/gpu", "0", "a" * 253, "a--b"])
def test_names_that_are_allowed(name):
    assert Named(name).title == name


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", ".a", "a/", "_a", "a b", "a\n", "\na", "a\tb", "ä", "a٣", "a" * 254, "a:b", "a=b", "a,b"]
)
def test_names_that_are_not(name):
    with pytest.raises(InvalidInput, match="^title must be letters, digits") as caught:
        Named(name)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("name", [None, 5, b"a", ["a"], ("a",)], ids=str)
def test_names_that_are_no_texts(name):
    with pytest.raises(InvalidInput, match="^title must be letters, digits") as caught:
        Named(name)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("kind", ["gpu", "nvidia.com/gpu", "CPU", "cpus"])
def test_kinds_of_devices(kind):
    assert Equipped(kind).sort == kind


@pytest.mark.parametrize("kind", ["cpu", "memory", "pods"])
def test_what_every_node_has_is_no_kind_of_device(kind):
    with pytest.raises(InvalidInput, match=f"^sort must be that of a device, such as gpu, got '{kind}'"):
        Equipped(kind)


@pytest.mark.parametrize("kind", ["", "a b", None])
def test_a_kind_of_device_is_a_name(kind):
    with pytest.raises(InvalidInput, match="^sort must be letters, digits"):
        Equipped(kind)


@pytest.mark.parametrize("number", [0, 1, QUANTITY_MAX])
def test_numbers_from_zero(number):
    assert Owing(number).number == number


@pytest.mark.parametrize("number", [-1, QUANTITY_MAX + 1, 1.0, False, "1", None])
def test_numbers_that_are_not_whole_or_below_zero(number):
    with pytest.raises(InvalidInput, match="^number must be a whole number from 0 to") as caught:
        Owing(number)
    assert repr(number) in str(caught.value)


@pytest.mark.parametrize("number", [1, 2, QUANTITY_MAX])
def test_positive_numbers(number):
    assert Counted(number).number == number


@pytest.mark.parametrize("number", [0, -1, QUANTITY_MAX + 1, 1.0, True, "1", None])
def test_numbers_that_are_not_positive_and_whole(number):
    with pytest.raises(InvalidInput, match="^number must be a whole number from 1 to") as caught:
        Counted(number)
    assert repr(number) in str(caught.value)


@pytest.mark.parametrize("amount", [0, 1, QUANTITY_MAX])
def test_amounts_that_are_allowed(amount):
    assert Holding({"cpu": amount}).contents == {"cpu": amount}


@pytest.mark.parametrize("amount", [-1, QUANTITY_MAX + 1, 0.5, True, "1", None])
def test_amounts_that_are_not_name_the_resource(amount):
    with pytest.raises(InvalidInput, match="^contents: memory must be a whole number from 0 to") as caught:
        Holding({"cpu": 1, "memory": amount})
    assert repr(amount) in str(caught.value)


def test_a_kind_of_device_stands_once():
    one, other = DeviceGroup(kind="gpu", count=1), DeviceGroup(kind="nic", count=1)
    assert Carrying((one, other)).parts == (one, other)
    with pytest.raises(InvalidInput, match="^parts: 'gpu' is listed 2 times, expected once"):
        Carrying((one, other, one))


def test_devices_count_as_a_resource():
    groups = [DeviceGroup(kind="gpu", count=8), DeviceGroup(kind="nic", count=2, milli=100)]
    assert device_totals("capacity", {"cpu": 1}, groups) == {"cpu": 1, "gpu": 8000, "nic": 200}


def test_devices_may_agree_with_an_amount_given_too():
    group = DeviceGroup(kind="gpu", count=2)
    assert device_totals("capacity", {"gpu": 2000}, [group]) == {"gpu": 2000}
    with pytest.raises(InvalidInput, match="capacity: gpu is given as 2 and also as devices, which make 2000"):
        device_totals("capacity", {"gpu": 2}, [group])


def test_the_total_of_devices_is_bounded():
    group = DeviceGroup(kind="gpu", count=2, milli=QUANTITY_MAX)
    with pytest.raises(InvalidInput, match=f"capacity: gpu must be at most {QUANTITY_MAX} in all"):
        device_totals("capacity", {}, [group])


def test_what_was_given_stays_as_it_was():
    given = {"cpu": 1}
    device_totals("capacity", given, [DeviceGroup(kind="gpu", count=1)])
    assert given == {"cpu": 1}
