from __future__ import annotations

import logging

import pytest

from kube9.controlplane.faultlog import FaultLog
from kube9.core.events import SchedulerFailed
from kube9.core.pods import Pod, PodSpec


@pytest.fixture
def heard(caplog):
    caplog.set_level(logging.ERROR, logger="kube9.controlplane.faultlog")
    log = FaultLog()

    def hear(message, name="p"):
        pod = Pod(uid=name, spec=PodSpec(name=name), ordinal=0, created_at_ms=0)
        log.hear(SchedulerFailed(at_ms=1, pod=pod, message=message))
        return [record.getMessage() for record in caplog.records]

    return hear


def test_a_failure_is_told_with_the_first_pod_it_struck(heard):
    assert heard("filter 'mine' failed: KeyError: 'a'", "first") == [
        "filter 'mine' failed: KeyError: 'a'; first for pod first; it is tried again, and not told again"
    ]


def test_the_same_failure_is_told_once_and_another_one_too(heard):
    heard("this")
    heard("this", "q")
    assert [told.split(";")[0] for told in heard("that")] == ["this", "that"]


def test_what_it_remembers_does_not_grow_for_ever(heard):
    for number in range(1_001):
        heard(f"failure {number}")
    assert len(heard("failure 0")) == 1_002
    assert len(heard("failure 1000")) == 1_002
