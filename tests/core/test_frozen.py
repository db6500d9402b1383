from __future__ import annotations

import copy
import pickle

import pytest

from kube9.core.frozen import Amounts, FrozenMap

CHANGES = {
    "set": lambda m: m.__setitem__("a", 2),
    "set new": lambda m: m.__setitem__("z", 2),
    "delete": lambda m: m.__delitem__("a"),
    "clear": lambda m: m.clear(),
    "pop": lambda m: m.pop("a"),
    "pop with default": lambda m: m.pop("z", None),
    "popitem": lambda m: m.popitem(),
    "setdefault": lambda m: m.setdefault("z", 1),
    "update": lambda m: m.update({"z": 1}),
    "update by keyword": lambda m: m.update(z=1),
    "or in place": lambda m: m.__ior__({"z": 1}),
    "attribute": lambda m: setattr(m, "extra", 1),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_it_refuses_every_change(change):
    frozen = FrozenMap({"a": 1})
    with pytest.raises((TypeError, AttributeError)):
        change(frozen)
    assert frozen == {"a": 1}


def test_a_refusal_says_what_cannot_be_changed():
    with pytest.raises(TypeError, match="FrozenMap cannot be changed"):
        FrozenMap()["a"] = 1


def test_equal_maps_have_one_hash_whatever_their_order():
    one, other = FrozenMap({"a": 1, "b": 2}), FrozenMap({"b": 2, "a": 1})
    assert one == other
    assert len({one, other}) == 1
    assert hash(one) != hash(FrozenMap({"a": 1, "b": 3}))


def test_it_is_a_copy_of_what_it_was_made_of():
    source = {"a": 1}
    frozen = FrozenMap(source)
    source["a"] = 2
    assert frozen["a"] == 1


@pytest.mark.parametrize("same", [lambda m: pickle.loads(pickle.dumps(m)), copy.copy, copy.deepcopy])
def test_copies_and_pickles_are_frozen_too(same):
    twin = same(FrozenMap({"a": 1}))
    assert type(twin) is FrozenMap
    assert twin == {"a": 1}
    with pytest.raises(TypeError):
        twin["a"] = 2


class TestAmounts:
    def test_of_what_is_not_there_are_zero(self):
        amounts = Amounts({"cpu": 5})
        assert (amounts["cpu"], amounts["memory"]) == (5, 0)

    def test_are_not_made_by_looking(self):
        amounts = Amounts({"cpu": 5})
        assert amounts["memory"] == 0
        assert "memory" not in amounts
        assert dict(amounts) == {"cpu": 5}
        assert amounts == {"cpu": 5}

    def test_have_a_default_where_one_is_asked_for(self):
        assert Amounts().get("cpu") is None
        assert Amounts().get("cpu", 7) == 7

    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_refuse_every_change(self, change):
        amounts = Amounts({"a": 1})
        with pytest.raises((TypeError, AttributeError)):
            change(amounts)
        assert amounts == {"a": 1}

    @pytest.mark.parametrize("same", [lambda m: pickle.loads(pickle.dumps(m)), copy.copy, copy.deepcopy])
    def test_stay_what_they_are_when_copied(self, same):
        twin = same(Amounts({"a": 1}))
        assert type(twin) is Amounts
        assert (twin["a"], twin["b"]) == (1, 0)
        assert hash(twin) == hash(Amounts({"a": 1}))
