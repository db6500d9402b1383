from __future__ import annotations

from collections import deque
from functools import lru_cache, partial
from types import SimpleNamespace

import numpy as np
import pytest
from attrs import define

from kube9.testing.reachable import amount_kept, reachable

SECRET = ["found"]


@define
class Slotted:
    inside: object


def closing_over(thing):
    return lambda: thing


def with_default(thing):
    def function(argument=thing, *, keyword=thing):
        return argument, keyword

    return function


class Bound:
    def __init__(self, thing):
        self.thing = thing

    def method(self):
        return self.thing


def cached(thing):
    function = lru_cache(lambda _: thing)
    function(1)
    return function


def later(thing):
    empty = lambda: never  # noqa: E731  (its cell stays empty)
    holder = [empty, thing]
    if thing is None:
        never = 1
    return holder


HOLDERS = {
    "an attribute": SimpleNamespace(a=SimpleNamespace(b=SECRET)),
    "a slot": Slotted(SECRET),
    "containers": {"a": [({1: SECRET},)]},
    "a deque": deque([SECRET]),
    "a closure": closing_over(SECRET),
    "a default": with_default(SECRET),
    "a bound method": Bound(SECRET).method,
    "a partial": partial(print, SECRET),
    "a cache": cached(SECRET),
    "an empty cell beside it": later(SECRET),
}


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
def test_what_is_held_is_found_once(holder):
    assert sum(thing is SECRET for thing in reachable(holder)) == 1


def test_what_everybody_shares_is_not_followed():
    def function():
        return SECRET

    holder = SimpleNamespace(module=np, kind=Bound, function=function)
    assert all(thing is not SECRET for thing in reachable(holder))
    assert amount_kept(holder) < 100


def test_the_array_behind_a_view_is_found():
    array = np.arange(10)
    assert any(thing is array for thing in reachable({"view": array[2:4]}))


def test_circles_end():
    circle: list = []
    circle.append(circle)
    assert list(reachable(circle)) == [circle]


GROWTHS = {
    "a list": ([1], lambda kept: kept.append(2)),
    "a set": ({1}, lambda kept: kept.add(2)),
    "a dict in an attribute": (SimpleNamespace(seen={}), lambda kept: kept.seen.update(a=1)),
    "a text": (SimpleNamespace(log="a"), lambda kept: setattr(kept, "log", kept.log + "b")),
    "an array": (SimpleNamespace(a=np.zeros(3)), lambda kept: setattr(kept, "a", np.zeros(4))),
}


@pytest.mark.parametrize("kept,grow", GROWTHS.values(), ids=GROWTHS)
def test_growth_is_seen(kept, grow):
    before = amount_kept(kept)
    grow(kept)
    assert amount_kept(kept) > before
