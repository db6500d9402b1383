from __future__ import annotations

import pytest
from attrs import evolve, fields

from kube9.core import podlife
from kube9.core.frozen import FrozenMap
from kube9.core.pods import Owner, Pod, PodPhase, PodReport, PodSpec

DEVICES = FrozenMap({"gpu": (0, 2)})

#: Every field differs from its default, so that one which is lost on the way is noticed.
BOUND = Pod(
    uid="u",
    spec=PodSpec(name="p"),
    ordinal=7,
    created_at_ms=11,
    phase=PodPhase.RUNNING,
    node_uid="n",
    epoch=3,
    devices=DEVICES,
    deleting=True,
    start_failures=2,
    exit_code=5,
    ready=True,
    restarts=4,
    reason="because",
    evicting=True,
    leaving=True,
    owner=Owner("d", 2),
    started_at_ms=13,
    finished_at_ms=17,
)
WAITING = evolve(
    BOUND,
    phase=PodPhase.PENDING,
    node_uid=None,
    devices=FrozenMap(),
    deleting=False,
    evicting=False,
    leaving=False,
    started_at_ms=None,
    finished_at_ms=None,
    exit_code=None,
    ready=False,
    restarts=0,
    reason="no room",
)
#: What a pod that lost its place has no more.
NOWHERE = {
    "phase": PodPhase.PENDING,
    "node_uid": None,
    "devices": FrozenMap(),
    "evicting": False,
    "leaving": False,
    "started_at_ms": None,
    "ready": False,
}


@pytest.mark.parametrize(
    "after,expected",
    [
        (
            podlife.bound(WAITING, "m", DEVICES),
            evolve(WAITING, phase=PodPhase.STARTING, node_uid="m", epoch=4, devices=DEVICES, reason=""),
        ),
        (
            podlife.running(BOUND, 7, ready=False, restarts=5, reason="NotReady: not yet"),
            evolve(
                BOUND,
                phase=PodPhase.RUNNING,
                start_failures=0,
                started_at_ms=7,
                finished_at_ms=None,
                exit_code=None,
                ready=False,
                restarts=5,
                reason="NotReady: not yet",
            ),
        ),
        (
            podlife.health(BOUND, False, 5, "Error: it ended"),
            evolve(BOUND, ready=False, restarts=5, reason="Error: it ended"),
        ),
        (
            podlife.finished(BOUND, 19, 0, "done"),
            evolve(
                BOUND,
                phase=PodPhase.SUCCEEDED,
                exit_code=0,
                reason="done",
                devices=FrozenMap(),
                deleting=False,
                evicting=False,
                leaving=False,
                finished_at_ms=19,
                ready=False,
            ),
        ),
        (
            podlife.evicted(BOUND, "node lost"),
            evolve(BOUND, reason="node lost", **NOWHERE),
        ),
        (
            podlife.not_started(BOUND, "no image"),
            evolve(BOUND, reason="no image", start_failures=3, **NOWHERE),
        ),
        (podlife.waiting(WAITING, "0 of 3 nodes fit"), evolve(WAITING, reason="0 of 3 nodes fit")),
        (podlife.deleting(WAITING), evolve(WAITING, deleting=True)),
        (podlife.evicting(WAITING), evolve(WAITING, evicting=True)),
        (podlife.leaving(WAITING, True), evolve(WAITING, leaving=True)),
        (podlife.leaving(BOUND, False), evolve(BOUND, leaving=False)),
    ],
    ids=[
        "bound",
        "running",
        "health",
        "finished",
        "evicted",
        "not_started",
        "waiting",
        "deleting",
        "evicting",
        "leaving",
        "staying",
    ],
)
def test_a_step_changes_what_it_should_and_keeps_the_rest(after, expected):
    assert after == expected


@pytest.mark.parametrize(
    "exit_code,phase", [(0, PodPhase.SUCCEEDED), (1, PodPhase.FAILED), (-9, PodPhase.FAILED), (None, PodPhase.FAILED)]
)
def test_only_exit_code_zero_is_a_success(exit_code, phase):
    after = podlife.finished(BOUND, 19, exit_code, "")
    assert after.phase is phase
    assert after.exit_code == exit_code


class TestHealth:
    def test_what_is_known_is_no_news(self):
        assert podlife.health(BOUND, True, 4, "because") is None

    def test_fewer_restarts_than_are_known_are_old_news(self):
        assert podlife.health(BOUND, False, 3, "Error: it ended") is None
        assert podlife.running(BOUND, 7, restarts=3).restarts == 4

    def test_only_a_pod_that_runs_is_ready(self):
        starting = evolve(BOUND, phase=PodPhase.STARTING, ready=False)
        assert podlife.health(starting, True, 4, "because") is None
        after = podlife.health(starting, True, 5, "")
        assert after is not None
        assert (after.ready, after.restarts, after.reason) == (False, 5, "")


def test_the_epoch_grows_with_binding_alone():
    steps = (
        podlife.running(BOUND, 13),
        podlife.finished(BOUND, 19, 0, ""),
        podlife.evicted(BOUND, ""),
        podlife.not_started(BOUND, ""),
        podlife.deleting(BOUND),
        podlife.evicting(BOUND),
    )
    assert {after.epoch for after in steps} == {BOUND.epoch}
    assert podlife.bound(BOUND, "m", DEVICES).epoch == BOUND.epoch + 1


def test_every_field_of_the_example_differs_from_its_default():
    same = [field.name for field in fields(Pod) if getattr(BOUND, field.name) == field.default]
    assert same == []


def test_a_pod_may_come_and_be_bound_in_one_moment():
    new = Pod(uid="u", spec=BOUND.spec, ordinal=7, created_at_ms=11, owner=BOUND.owner)
    at_once = podlife.bound_at_once("u", BOUND.spec, 7, 11, BOUND.owner, "n", DEVICES)
    assert at_once == podlife.bound(new, "n", DEVICES)


def test_a_remnant_is_known_by_its_uid_and_epoch_alone():
    report = PodReport(pod_uid="u", epoch=4, phase=PodPhase.RUNNING)
    remnant = podlife.remnant(report, "n")
    assert (remnant.uid, remnant.epoch, remnant.node_uid) == ("u", 4, "n")
