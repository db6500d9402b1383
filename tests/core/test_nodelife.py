from __future__ import annotations

from functools import partial

import pytest
from attrs import evolve

from kube9.core import nodelife
from kube9.core.nodes import Node, NodePhase, NodeSpec

PROVISIONING, READY, SUSPECT, FAILED, RECOVERING, LOST = NodePhase

joined = partial(nodelife.joined, flaps_max=2)
failed = partial(nodelife.failed, lease_left_ms=0, at_ms=7, settled_after_ms=100)

#: For each step, the phase it leads to from each phase where it leads anywhere.
STEPS = {
    "joined": (joined, dict.fromkeys(NodePhase, READY)),
    "suspected": (partial(nodelife.suspected, reason="quiet"), {READY: SUSPECT}),
    "trusted": (nodelife.trusted, {SUSPECT: READY}),
    "failed": (partial(failed, reason="dead"), {READY: FAILED, SUSPECT: FAILED}),
    "recovering": (nodelife.recovering, {FAILED: RECOVERING}),
    "not_recovered": (partial(nodelife.not_recovered, reason="no answer", attempts_max=3), {RECOVERING: FAILED}),
    "not_recovered at last": (partial(nodelife.not_recovered, reason="none", attempts_max=2), {RECOVERING: LOST}),
    "not_created": (partial(nodelife.not_created, reason="quota"), {PROVISIONING: LOST}),
    "absent": (nodelife.absent, dict.fromkeys((READY, SUSPECT, FAILED, RECOVERING), PROVISIONING)),
    "given_up": (partial(nodelife.given_up, reason="enough"), {each: LOST for each in NodePhase if each is not LOST}),
}


def node(phase=READY, **more):
    return Node(uid="u", spec=NodeSpec(name="n"), ordinal=1, phase=phase, **more)


@pytest.mark.parametrize("phase", NodePhase)
@pytest.mark.parametrize("step", STEPS)
def test_what_leads_where(step, phase):
    function, leads_to = STEPS[step]
    after = function(node(phase, recovery_attempts=2, reason="before"))
    if phase in leads_to:
        assert after is not None
        assert after.phase is leads_to[phase]
    else:
        assert after is None


@pytest.mark.parametrize(
    "step,phase,reason",
    [
        ("suspected", READY, "quiet"),
        ("failed", SUSPECT, "dead"),
        ("not_recovered", RECOVERING, "no answer"),
        ("not_recovered at last", RECOVERING, "not recovered in 2 attempts (last: none)"),
        ("not_created", PROVISIONING, "not created: quota"),
        ("given_up", FAILED, "enough"),
        ("absent", FAILED, "it was not up when it was looked for"),
        ("joined", FAILED, ""),
        ("trusted", SUSPECT, ""),
    ],
)
def test_the_reason_is_that_of_the_present_phase(step, phase, reason):
    assert STEPS[step][0](node(phase, recovery_attempts=2, reason="before")).reason == reason


def test_attempts_are_counted_until_the_node_is_back():
    once = nodelife.recovering(node(FAILED))
    assert once.recovery_attempts == 1
    failed = nodelife.not_recovered(once, "no", 3)
    twice = nodelife.recovering(failed)
    assert (failed.recovery_attempts, twice.recovery_attempts) == (1, 2)
    assert joined(twice).recovery_attempts == 0


@pytest.mark.parametrize("step", [joined, nodelife.recovering])
@pytest.mark.parametrize("phase", NodePhase)
def test_a_node_on_its_way_out_comes_back_no_more(step, phase):
    assert step(node(phase, deleting=True)) is None


def test_cordon_and_deletion_are_beside_the_phase():
    for phase in NodePhase:
        assert nodelife.cordoned(node(phase), True) == node(phase, cordoned=True)
        assert nodelife.cordoned(node(phase, cordoned=True), False) == node(phase)
        assert nodelife.deleting(node(phase)) == node(phase, deleting=True)


def test_what_is_so_already_is_no_change():
    assert nodelife.cordoned(node(), False) is None
    assert nodelife.cordoned(node(cordoned=True), True) is None


def test_deletion_may_be_asked_for_again():
    assert nodelife.deleting(node(deleting=True)) == node(deleting=True)


def test_failures_are_counted_for_good():
    once = failed(node(), "dead")
    twice = failed(joined(once), "dead")
    assert (node().failures, once.failures, twice.failures) == (0, 1, 2)
    assert failed(once, "dead") is None


class TestFailuresInARow:
    @pytest.mark.parametrize("pause_ms,streak", [(0, 2), (99, 2), (100, 1), (5000, 1)])
    def test_are_those_with_no_long_good_time_between(self, pause_ms, streak):
        once = failed(node(), "dead", at_ms=7)
        assert (once.failed_at_ms, once.streak) == (7, 1)
        again = failed(joined(once), "dead", at_ms=7 + pause_ms)
        assert (again.failed_at_ms, again.streak) == (7 + pause_ms, streak)

    def test_lead_to_a_node_that_is_tried_last_when_it_is_back(self):
        for streak in range(5):
            assert joined(node(FAILED, streak=streak)).tried_last is (streak > 2)

    @pytest.mark.parametrize("step", ["failed", "given_up", "absent"])
    def test_count_for_nothing_while_the_node_is_down(self, step):
        assert not STEPS[step][0](node(READY, streak=9, tried_last=True)).tried_last

    def test_are_forgiven_in_the_end(self):
        assert nodelife.settled(node(tried_last=True, streak=3)) == node(streak=3)
        assert nodelife.settled(node()) is None


class TestTheLease:
    def test_runs_from_the_failure(self):
        assert failed(node(), "silent", lease_left_ms=50).lease_left_ms == 50

    @pytest.mark.parametrize("step", ["joined", "given_up", "absent"])
    def test_ends_with_what_tells_that_nothing_runs_there(self, step):
        assert STEPS[step][0](node(FAILED, lease_left_ms=50)).lease_left_ms == 0

    @pytest.mark.parametrize("phase,step", [(FAILED, "recovering"), (RECOVERING, "not_recovered at last")])
    def test_outlasts_what_tells_nothing_of_it(self, phase, step):
        assert STEPS[step][0](node(phase, recovery_attempts=2, lease_left_ms=50)).lease_left_ms == 50

    def test_is_over_once(self):
        assert nodelife.lease_over(node(FAILED, lease_left_ms=50)) == node(FAILED)
        assert nodelife.lease_over(node(FAILED)) is None


def test_the_boot_that_joined_last_is_known():
    first = joined(node(PROVISIONING), incarnation="boot-1")
    assert (first.incarnation, joined(first).incarnation) == ("boot-1", "boot-1")
    assert joined(first, incarnation="boot-2").incarnation == "boot-2"


def test_of_a_node_that_is_made_anew_any_boot_is_another():
    assert nodelife.absent(node(incarnation="boot-1")).incarnation == ""


@pytest.mark.parametrize("step", STEPS)
def test_a_cordon_outlasts_every_phase(step):
    function, leads_to = STEPS[step]
    for phase in leads_to:
        assert function(node(phase, cordoned=True, recovery_attempts=2)).cordoned


@pytest.mark.parametrize("step", STEPS)
def test_a_step_touches_nothing_else(step):
    function, leads_to = STEPS[step]
    for phase in leads_to:
        before = node(phase, recovery_attempts=2)
        after = function(before)
        changes = {name: getattr(after, name) for name in ("phase", "reason", "recovery_attempts")}
        if step == "failed":
            changes |= {"failures": 1, "streak": 1, "failed_at_ms": 7}
        assert after == evolve(before, **changes)


@pytest.mark.parametrize("phase", NodePhase)
def test_only_a_node_that_is_down_may_be_forgotten_and_only_when_its_lease_is_over(phase):
    assert nodelife.may_be_forgotten(node(phase)) is (phase not in (READY, SUSPECT))
    assert nodelife.may_be_forgotten(node(phase, lease_left_ms=1)) is (phase is PROVISIONING)


def test_a_node_that_is_made_anew_has_all_its_recoveries_before_it():
    assert nodelife.absent(node(RECOVERING, recovery_attempts=2)).recovery_attempts == 0
