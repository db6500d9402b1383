from __future__ import annotations

from kube9.controlplane.once import Once
from kube9.testing.reachable import amount_kept


def test_each_thing_is_first_once():
    once = Once()
    assert [once.first(what) for what in ("this", "that", "this", "that")] == [True, True, False, False]


def test_what_it_remembers_does_not_grow_for_ever():
    once = Once()
    kept = {number: amount_kept(once) for number in range(5_000) if once.first(number)}
    assert kept[4_999] <= kept[999]
    assert not once.first(4_999)
    assert once.first(0), "it was forgotten meanwhile"
