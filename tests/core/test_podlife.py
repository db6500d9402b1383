from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core import podlife
from kube9.core.frozen import FrozenMap
from kube9.core.pods import Pod, PodPhase, PodSpec

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
    reason="because",
)
WAITING = evolve(
    BOUND, phase=PodPhase.PENDING, node_uid=None, devices=FrozenMap(), deleting=False, exit_code=None, reason="no room"
)


@pytest.mark.parametrize(
    "after,expected",
    [
        (
            podlife.bound(WAITING, "m", DEVICES),
            evolve(WAITING, phase=PodPhase.STARTING, node_uid="m", epoch=4, devices=DEVICES, reason=""),
        ),
        (podlife.running(BOUND), evolve(BOUND, phase=PodPhase.RUNNING, start_failures=0)),
        (
            podlife.finished(BOUND, 0, "done"),
            evolve(
                BOUND, phase=PodPhase.SUCCEEDED, exit_code=0, reason="done", devices=FrozenMap(), deleting=False
            ),
        ),
        (
            podlife.evicted(BOUND, "node lost"),
            evolve(BOUND, phase=PodPhase.PENDING, node_uid=None, devices=FrozenMap(), reason="node lost"),
        ),
        (
            podlife.not_started(BOUND, "no image"),
            evolve(
                BOUND, phase=PodPhase.PENDING, node_uid=None, devices=FrozenMap(), reason="no image", start_failures=3
            ),
        ),
        (podlife.waiting(WAITING, "0 of 3 nodes fit"), evolve(WAITING, reason="0 of 3 nodes fit")),
        (podlife.deleting(WAITING), evolve(WAITING, deleting=True)),
    ],
    ids=["bound", "running", "finished", "evicted", "not_started", "waiting", "deleting"],
)
def test_a_step_changes_what_it_should_and_keeps_the_rest(after, expected):
    assert after == expected


@pytest.mark.parametrize(
    "exit_code,phase", [(0, PodPhase.SUCCEEDED), (1, PodPhase.FAILED), (-9, PodPhase.FAILED), (None, PodPhase.FAILED)]
)
def test_only_exit_code_zero_is_a_success(exit_code, phase):
    after = podlife.finished(BOUND, exit_code, "")
    assert after.phase is phase
    assert after.exit_code == exit_code


def test_the_epoch_grows_with_binding_alone():
    steps = (
        podlife.running(BOUND),
        podlife.finished(BOUND, 0, ""),
        podlife.evicted(BOUND, ""),
        podlife.not_started(BOUND, ""),
        podlife.deleting(BOUND),
    )
    assert {after.epoch for after in steps} == {BOUND.epoch}
    assert podlife.bound(BOUND, "m", DEVICES).epoch == BOUND.epoch + 1
