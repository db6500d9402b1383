from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.errors import InvariantViolation
from kube9.simulator.chaos.truth import Truth


def test_nothing_runs_at_first():
    truth = Truth()
    assert (truth.pods, truth.where("p"), truth.most, truth.starts, truth.kills) == ([], [], 0, 0, 0)


def test_it_knows_what_runs_where():
    truth = Truth()
    truth.began("p", 1, "n1")
    truth.began("q", 4, "n2")
    assert truth.pods == ["p", "q"]
    assert truth.where("p") == [("n1", 1)]
    assert truth.where("q") == [("n2", 4)]
    assert (truth.most, truth.starts) == (1, 2)
    truth.ended("p", 1, "n1")
    assert (truth.pods, truth.where("p")) == (["q"], [])


@pytest.mark.parametrize("epoch,place", [(2, "n2"), (2, "n1")], ids=["elsewhere", "beside it"])
def test_two_copies_of_a_pod_are_a_fault_that_is_named(epoch, place):
    truth = Truth()
    truth.began("p", 1, "n1")
    with pytest.raises(InvariantViolation, match=rf"two copies of pod p run: \('n1', 1\), \('{place}', {epoch}\)"):
        truth.began("p", epoch, place)
    assert truth.most == 2


def test_how_long_two_copies_run_is_measured():
    now_ms = 0
    truth = Truth(lambda: now_ms)
    truth.began("p", 1, "n1")
    with pytest.raises(InvariantViolation):
        truth.began("p", 2, "n2")
    assert truth.twice_ms == 0
    now_ms = 700
    assert truth.twice_ms == 700
    truth.ended("p", 1, "n1")
    now_ms = 900
    assert truth.twice_ms == 700


def test_an_epoch_that_is_started_again_is_a_fault_even_if_the_first_is_over():
    truth = Truth()
    truth.began("p", 1, "n1")
    truth.ended("p", 1, "n1")
    with pytest.raises(InvariantViolation, match="epoch 1 of pod p is started a second time, on n2"):
        truth.began("p", 1, "n2")


def test_one_after_the_other_is_as_it_should_be():
    truth = Truth()
    for epoch, place in ((1, "n1"), (2, "n2"), (3, "n1")):
        truth.began("p", epoch, place)
        truth.ended("p", epoch, place)
    assert (truth.most, truth.starts, truth.pods) == (1, 3, [])


def test_what_stood_still_goes_on_without_being_started():
    truth = Truth()
    truth.began("p", 1, "n1")
    truth.ended("p", 1, "n1")
    truth.goes_on("p", 1, "n1")
    assert truth.where("p") == [("n1", 1)]
    assert truth.starts == 1


def test_what_goes_on_while_another_runs_is_a_fault():
    truth = Truth()
    truth.began("p", 1, "n1")
    truth.ended("p", 1, "n1")
    truth.began("p", 2, "n2")
    with pytest.raises(InvariantViolation, match="two copies"):
        truth.goes_on("p", 1, "n1")


@pytest.mark.parametrize("uid,epoch,place", [("q", 1, "n1"), ("p", 2, "n1"), ("p", 1, "n2")])
def test_the_end_of_what_did_not_run_changes_nothing(uid, epoch, place):
    truth = Truth()
    truth.began("p", 1, "n1")
    truth.ended(uid, epoch, place)
    assert truth.where("p") == [("n1", 1)]


@given(st.lists(st.tuples(st.sampled_from("pq"), st.sampled_from(["n1", "n2"]), st.booleans())))
def test_it_raises_if_and_only_if_two_copies_run(things):
    truth, running, epochs = Truth(), {"p": set(), "q": set()}, 0
    for uid, place, begins in things:
        if begins:
            epochs += 1
            running[uid].add((place, epochs))
            if len(running[uid]) > 1:
                with pytest.raises(InvariantViolation, match="two copies"):
                    truth.began(uid, epochs, place)
            else:
                truth.began(uid, epochs, place)
        else:
            for copy in [each for each in running[uid] if each[0] == place]:
                running[uid].remove(copy)
                truth.ended(uid, copy[1], place)
    assert {uid: set(truth.where(uid)) for uid in "pq"} == running
