"""What every way to choose devices must keep to."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

import numpy as np
import pytest
from hypothesis.strategies import SearchStrategy

from kube9.core.pods import DeviceRequest
from kube9.core.ports import DeviceChooser, IntArray
from kube9.testing.contracts.contract import Contract
from kube9.testing.strategies import device_choices

__all__ = ["DeviceChooserContract"]

Asked = tuple[DeviceRequest, tuple[int, ...]]


class DeviceChooserContract(Contract):
    """Holds a :class:`~kube9.core.ports.DeviceChooser` to its port. Override the fixture ``chooser``."""

    @pytest.fixture
    def chooser(self) -> DeviceChooser:
        """The chooser to test."""
        self.to_override("chooser", "the device chooser to test")

    def asked(self) -> SearchStrategy[Asked]:
        """Requests, each with what is left on devices among which it can be met."""
        return device_choices()

    def always(self) -> list[Asked]:
        """What is tried in any case."""
        one = DeviceRequest(kind="gpu", count=1)
        return [
            (one, (1000,)),
            (one, (0, 999, 1000, 999)),
            (DeviceRequest(kind="gpu", count=8, milli=1), (1,) * 8),
            (DeviceRequest(kind="gpu", count=2, milli=500), (500, 499, 1000, 500)),
        ]

    def test_chooses_as_many_as_were_asked_for(self, chooser: DeviceChooser) -> None:
        """Neither more nor fewer."""

        def holds(asked: Asked) -> None:
            chosen = _choose(chooser, asked)
            assert len(chosen) == asked[0].count, f"chose {chosen}; expected {asked[0].count}"

        self.for_all(self.asked(), holds, self.always())

    def test_chooses_none_twice(self, chooser: DeviceChooser) -> None:
        """Two shares of one device are not two devices."""

        def holds(asked: Asked) -> None:
            chosen = _choose(chooser, asked)
            assert len(set(chosen)) == len(chosen), f"chose {chosen}; expected different ones"

        self.for_all(self.asked(), holds, self.always())

    def test_chooses_by_index(self, chooser: DeviceChooser) -> None:
        """Whole numbers from 0 to below the number of devices; counting from the end would name a device twice."""

        def holds(asked: Asked) -> None:
            size = len(asked[1])
            for each in chooser.choose(asked[0], _column(asked)):
                assert 0 <= index(each) < size, f"chose {each!r}; expected a number from 0 to {size - 1}"

        self.for_all(self.asked(), holds, self.always())

    def test_chooses_devices_with_enough_left(self, chooser: DeviceChooser) -> None:
        """Each of them gives as much as the request says."""

        def holds(asked: Asked) -> None:
            for each in _choose(chooser, asked):
                left = asked[1][each]
                assert left >= asked[0].milli, f"chose {each}, which has {left} left; expected {asked[0].milli}"

        self.for_all(self.asked(), holds, self.always())

    def test_same_arguments_give_the_same_choice(self, chooser: DeviceChooser) -> None:
        """Always."""

        def holds(asked: Asked) -> None:
            first, second = _choose(chooser, asked), _choose(chooser, asked)
            assert first == second, f"first {first}, then {second}"

        self.for_all(self.asked(), holds, self.always())

    def test_leaves_its_arguments_alone(self, chooser: DeviceChooser) -> None:
        """What is left is for the cluster to write down."""

        def holds(asked: Asked) -> None:
            column = _column(asked)
            chooser.choose(asked[0], column)
            assert column.tolist() == list(asked[1]), f"what is left was {asked[1]} and is {column.tolist()} after it"

        self.for_all(self.asked(), holds, self.always())


def _column(asked: Asked) -> IntArray:
    return np.array(asked[1], dtype=np.int64)


def _choose(chooser: DeviceChooser, asked: Asked) -> Sequence[int]:
    return [int(each) for each in chooser.choose(asked[0], _column(asked))]
