from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kube9.agent
from kube9.agent.brain import ROUND, Answer, Beat, Brain, CopyReport

AGENT = sorted(Path(kube9.agent.__file__).parent.rglob("*.py"))


def answer(sequence, *, token="t", lease_ms=9_000, gone=False):
    return Answer(sequence, token, lease_ms, 1_000, gone)


def leased(lease_ms=9_000, *, boot="a"):
    """A brain that sent a beat at 0 and was answered."""
    brain = Brain(boot)
    brain.beat(0)
    brain.heed(answer(1, lease_ms=lease_ms))
    return brain


def listed(brain, now_ms=1):
    """What the next beat lists."""
    return brain.beat(now_ms).pods


# Beats and leases.


def test_before_it_was_answered_nothing_may_run():
    brain = Brain("a")
    assert brain.beat(0) == Beat("a", "", 1, ())
    assert brain.lease_until_ms is None
    assert not brain.may_run(0)
    assert not brain.start(0, "p", 1)
    assert not brain.has("p", 1)


def test_beats_are_counted_and_tell_the_token_that_came_last():
    brain = leased()
    assert [brain.beat(now_ms) for now_ms in (10, 20)] == [Beat("a", "t", 2, ()), Beat("a", "t", 3, ())]


def test_a_lease_is_counted_from_when_the_beat_was_sent():
    brain = Brain("a")
    brain.beat(500)
    brain.beat(1_500)
    brain.heed(answer(1))
    assert brain.lease_until_ms == 9_500
    brain.heed(answer(2))
    assert brain.lease_until_ms == 10_500


def test_the_longest_lease_counts_whichever_answer_comes_last():
    brain = Brain("a")
    for now_ms in (0, 1_000, 2_000):
        brain.beat(now_ms)
    brain.heed(answer(3, lease_ms=9_000))
    brain.heed(answer(1, lease_ms=9_000))
    assert brain.lease_until_ms == 11_000
    brain.heed(answer(2, lease_ms=60_000))
    assert brain.lease_until_ms == 61_000


def test_an_answer_without_a_lease_leaves_the_one_there_is():
    brain = leased()
    brain.beat(1_000)
    brain.heed(answer(2, lease_ms=0))
    assert brain.lease_until_ms == 9_000
    fresh = Brain("b")
    fresh.beat(0)
    fresh.heed(answer(1, lease_ms=0))
    assert fresh.lease_until_ms is None


def test_an_answer_that_comes_twice_counts_once():
    brain = leased()
    assert not brain.heed(answer(1, token="other", lease_ms=10**6))
    assert (brain.lease_until_ms, brain.token) == (9_000, "t")


@pytest.mark.parametrize("sequence", [0, 2, 99])
def test_an_answer_to_a_beat_that_was_never_sent_counts_for_nothing(sequence):
    brain = leased()
    assert not brain.heed(answer(sequence, token="other"))
    assert (brain.lease_until_ms, brain.token) == (9_000, "t")


def test_only_so_many_beats_may_still_be_answered():
    brain = Brain("a")
    for number in range(1_000):
        brain.beat(number)
    brain.heed(answer(936))
    assert brain.lease_until_ms is None
    brain.heed(answer(937))
    assert brain.lease_until_ms == 936 + 9_000


def test_a_new_token_is_told_at_once():
    brain = Brain("a")
    for now_ms in range(3):
        brain.beat(now_ms)
    assert brain.heed(answer(1, token="t", lease_ms=0))
    assert not brain.heed(answer(2, token="t"))
    assert brain.heed(answer(3, token="u"))
    assert brain.beat(9).token == "u"


def test_a_node_that_is_not_known_any_more_runs_nothing():
    brain = leased()
    brain.start(0, "p", 1)
    brain.beat(1_000)
    assert not brain.heed(answer(2, token="", lease_ms=0, gone=True))
    assert not brain.may_run(1_000)
    assert brain.fence(1_000) == [("p", 1)]


def test_what_was_said_before_it_was_gone_and_comes_later_gives_no_lease():
    brain = leased()
    brain.beat(1_000)
    brain.beat(2_000)
    brain.heed(answer(3, token="", lease_ms=0, gone=True))
    assert not brain.heed(answer(2))
    assert not brain.may_run(2_000)
    brain.beat(3_000)
    brain.heed(answer(4))
    assert brain.may_run(3_000)


@given(
    beats=st.lists(st.integers(0, 5_000), min_size=1, max_size=40),
    answered=st.lists(st.tuples(st.integers(1, 50), st.integers(0, 30_000))),
)
def test_no_lease_is_longer_than_what_was_said_to_some_beat_from_its_sending(beats, answered):
    brain, sent, now_ms = Brain("a"), {}, 0
    for pause_ms in beats:
        now_ms += pause_ms
        sent[brain.beat(now_ms).sequence] = now_ms
    first = {}
    for sequence, lease_ms in answered:
        before_ms = brain.lease_until_ms or 0
        brain.heed(answer(sequence, lease_ms=lease_ms))
        assert (brain.lease_until_ms or 0) >= before_ms
        first.setdefault(sequence, lease_ms)
    ends = [sent[sequence] + lease_ms for sequence, lease_ms in first.items() if sequence in sent and lease_ms]
    assert brain.lease_until_ms == max(ends, default=None)


# The end of a lease.


def test_it_ends_all_exactly_when_the_lease_is_over():
    brain = leased(9_000)
    for uid in ("p", "q"):
        assert brain.start(0, uid, 1)
    brain.started("q", 1)
    assert brain.may_run(8_999)
    assert brain.fence(8_999) == []
    assert not brain.may_run(9_000)
    assert brain.fence(9_000) == [("p", 1), ("q", 1)]
    assert brain.fence(9_000) == []
    assert (brain.running(), listed(brain)) == ([], ())


def test_what_was_ended_with_the_lease_is_not_started_again():
    brain = leased()
    brain.start(0, "p", 1)
    brain.fence(9_000)
    brain.beat(9_500)
    brain.heed(answer(2))
    assert not brain.start(9_600, "p", 1)
    assert listed(brain) == (CopyReport("p", 1, "Failed", None, "it was stopped already"),)
    assert brain.start(9_700, "p", 2)


def test_nothing_starts_when_the_lease_is_over():
    brain = leased()
    assert not brain.start(9_000, "p", 1)
    assert listed(brain) == ()


# Pods.


def test_a_copy_is_told_of_from_its_start_to_its_end():
    brain = leased()
    assert brain.start(0, "p", 3)
    assert brain.has("p", 3)
    assert listed(brain) == (CopyReport("p", 3, "Starting"),)
    brain.started("p", 3)
    assert listed(brain) == (CopyReport("p", 3, "Running"),)
    assert brain.running() == [CopyReport("p", 3, "Running")]
    brain.exited("p", 3, 0)
    assert not brain.has("p", 3)
    assert listed(brain) == (CopyReport("p", 3, "Succeeded", 0),)
    assert brain.running() == []


def test_how_a_copy_is_goes_out_with_the_next_beat():
    brain = leased()
    brain.start(0, "p", 3)
    brain.is_so("p", 3, False, 1, "CrashLoopBackOff: init ended")
    assert listed(brain) == (CopyReport("p", 3, "Starting", None, "", False, 1, "CrashLoopBackOff: init ended"),)
    brain.started("p", 3)
    brain.is_so("p", 3, True, 1)
    assert listed(brain) == (CopyReport("p", 3, "Running", restarts=1),)
    brain.is_so("p", 3, True, 1)
    assert not brain.changed
    brain.is_so("p", 2, False, 9)
    assert not brain.changed, "that is another copy"
    brain.exited("p", 3, 1, "Error: it ended")
    assert listed(brain) == (CopyReport("p", 3, "Failed", 1, restarts=1, reason="Error: it ended"),)


def test_one_that_exits_with_another_code_has_failed():
    brain = leased()
    brain.start(0, "p", 1)
    brain.exited("p", 1, 137)
    assert listed(brain) == (CopyReport("p", 1, "Failed", 137),)


def test_one_that_could_not_be_started_says_why():
    brain = leased()
    brain.start(0, "p", 1)
    brain.not_started("p", 1, "no image")
    assert listed(brain) == (CopyReport("p", 1, "Failed", None, "no image"),)


def test_one_that_was_stopped_is_not_told_of_any_more():
    brain = leased()
    brain.start(0, "p", 1)
    assert brain.stop("p", 1)
    assert brain.has("p", 1)
    brain.stopped("p", 1)
    assert (brain.has("p", 1), listed(brain)) == (False, ())


def test_one_that_has_ended_is_told_of_until_it_is_stopped_and_nothing_of_it_is_left():
    brain = leased()
    brain.start(0, "p", 1)
    brain.exited("p", 1, 0)
    assert brain.stop("p", 1)
    assert listed(brain) == (CopyReport("p", 1, "Succeeded", 0),)
    brain.stopped("p", 1)
    assert brain.changed
    assert listed(brain) == ()
    assert not brain.stop("p", 1)
    brain.stopped("p", 1)
    assert not brain.changed


def test_to_stop_one_that_has_ended_leaves_a_newer_one_alone():
    brain = leased()
    brain.start(0, "p", 1)
    brain.exited("p", 1, 3)
    brain.start(1, "p", 2)
    assert brain.stop("p", 1)
    brain.stopped("p", 1)
    assert listed(brain) == (CopyReport("p", 2, "Starting"),)
    assert brain.copies() == [("p", 2)]


@pytest.mark.parametrize("phase", ["starting", "running", "ended"])
def test_to_start_what_was_started_changes_nothing(phase):
    brain = leased()
    brain.start(0, "p", 1)
    if phase != "starting":
        brain.started("p", 1)
    if phase == "ended":
        brain.exited("p", 1, 0)
    before = listed(brain)
    assert not brain.start(1, "p", 1)
    assert listed(brain) is before


def test_an_older_epoch_is_not_started():
    brain = leased()
    brain.start(0, "p", 5)
    brain.exited("p", 5, 0)
    assert not brain.start(1, "p", 4)
    assert listed(brain) == (CopyReport("p", 5, "Succeeded", 0),)


def test_a_newer_epoch_waits_until_the_older_one_is_gone():
    brain = leased()
    brain.start(0, "p", 1)
    assert not brain.start(1, "p", 2)
    assert brain.has("p", 1)
    brain.stop("p", 1)
    brain.stopped("p", 1)
    assert brain.start(2, "p", 2)
    assert listed(brain) == (CopyReport("p", 2, "Starting"),)


def test_one_that_was_stopped_before_it_came_is_not_started_and_says_so():
    brain = leased()
    assert not brain.stop("p", 2)
    assert not brain.start(1, "p", 2)
    assert listed(brain) == (CopyReport("p", 2, "Failed", None, "it was stopped already"),)
    assert not brain.start(1, "p", 1)
    assert brain.start(2, "p", 3)


def test_to_stop_an_older_epoch_leaves_the_present_one_alone():
    brain = leased()
    brain.start(0, "p", 2)
    assert not brain.stop("p", 1)
    brain.stopped("p", 1)
    assert brain.has("p", 2)


def test_to_stop_a_newer_epoch_leaves_the_older_one_and_keeps_the_newer_from_starting():
    brain = leased()
    brain.start(0, "p", 1)
    assert not brain.stop("p", 2)
    assert brain.has("p", 1)
    brain.exited("p", 1, 0)
    assert not brain.start(1, "p", 2)


def test_what_is_said_of_another_epoch_changes_nothing():
    brain = leased()
    brain.start(0, "p", 2)
    before = listed(brain)
    for said in (
        lambda: brain.started("p", 1),
        lambda: brain.exited("p", 3, 0),
        lambda: brain.not_started("p", 1, "no image"),
        lambda: brain.stopped("q", 2),
    ):
        said()
        assert listed(brain) is before


@pytest.mark.parametrize(
    "told_after,void",
    [(("a", 3), False), (("a", 2), True), (("a", 4), True), (("b", 3), True), (("", 0), True)],
    ids=str,
)
def test_what_was_said_before_the_latest_beat_is_void(told_after, void):
    brain = leased()
    brain.beat(1)
    brain.beat(2)
    assert brain.is_void(told_after) is void


# What is told.


def test_the_list_is_the_same_value_as_long_as_nothing_changes():
    brain = leased()
    brain.start(0, "p", 1)
    assert brain.changed
    first = listed(brain)
    assert not brain.changed
    brain.stop("q", 1)
    assert not brain.changed
    assert listed(brain, 2) is first
    brain.started("p", 1)
    assert brain.changed
    assert listed(brain, 3) is not first


def test_only_the_last_ends_are_told():
    brain = leased()
    for number in range(250):
        brain.start(0, f"p{number}", 1)
        brain.exited(f"p{number}", 1, 0)
    assert [copy.uid for copy in listed(brain)] == [f"p{number}" for number in range(150, 250)]
    assert brain.forgotten() == [(f"p{number}", 1) for number in range(150)]
    assert brain.forgotten() == []


def test_what_runs_is_told_however_many_have_ended():
    brain = leased()
    brain.start(0, "lasting", 1)
    for number in range(250):
        brain.start(0, f"p{number}", 1)
        brain.exited(f"p{number}", 1, 0)
    assert CopyReport("lasting", 1, "Starting") in listed(brain)


DEEDS = st.sampled_from(["start", "started", "exited", "not_started", "stop", "stopped", "fence", "renew", "restart"])


@given(deeds=st.lists(st.tuples(DEEDS, st.sampled_from("pq"), st.integers(1, 4), st.integers(0, 4_000))))
def test_no_epoch_starts_twice_nor_after_a_later_one_and_of_no_pod_two_at_once(deeds):
    brain, now_ms, started = leased(), 0, {"p": [], "q": []}
    for deed, uid, epoch, pause_ms in deeds:
        now_ms += pause_ms
        if deed == "start":
            there = [each for each in range(1, 5) if brain.has(uid, each)]
            if brain.start(now_ms, uid, epoch):
                assert there == []
                assert brain.may_run(now_ms)
                started[uid].append(epoch)
        elif deed == "started":
            brain.started(uid, epoch)
        elif deed == "exited":
            brain.exited(uid, epoch, 0)
        elif deed == "not_started":
            brain.not_started(uid, epoch, "no image")
        elif deed == "stop" and brain.stop(uid, epoch):
            brain.stopped(uid, epoch)
            assert (uid, epoch) not in [(copy.uid, copy.epoch) for copy in listed(brain, now_ms)]
        elif deed == "stopped":
            brain.stopped(uid, epoch)
        elif deed == "fence":
            brain.fence(now_ms)
        elif deed == "renew":
            brain.heed(answer(brain.beat(now_ms).sequence))
        elif deed == "restart":
            brain = restored(brain)
        copies = [copy.uid for copy in listed(brain, now_ms) if copy.phase in ("Starting", "Running")]
        assert len(copies) == len(set(copies))
    for epochs in started.values():
        assert epochs == sorted(set(epochs))


# The agent's own end.


def restored(brain, skip=1_000):
    """Another one, of what was written down."""
    return Brain.restore(json.loads(json.dumps(brain.export())), brain.lease_until_ms, skip)


def test_another_goes_on_with_the_same_boot_lease_and_copies():
    brain = leased()
    for uid in "abcd":
        brain.start(0, uid, 2)
    brain.started("a", 2)
    brain.is_so("a", 2, False, 3, "Unhealthy")
    brain.exited("b", 2, 7, "Error")
    brain.not_started("c", 2, "no image")
    before = listed(brain)
    again = restored(brain)
    assert (again.boot, again.lease_until_ms, again.token) == ("a", 9_000, "")
    assert listed(again) == before
    assert again.ended() == [("b", 2), ("c", 2)]


def test_its_beats_come_after_all_that_may_have_been_sent_since():
    brain = leased()
    told = restored(brain, skip=5)
    sent = [brain.beat(1).sequence for _ in range(5)]
    assert told.beat(1).sequence == sent[-1] + 1


def test_an_answer_to_a_beat_of_the_one_before_counts_for_nothing():
    brain = leased()
    again = restored(brain)
    late = answer(brain.beat(5_000).sequence)
    assert not again.heed(late)
    assert again.lease_until_ms == 9_000
    assert again.is_void(("a", late.sequence))


def test_what_was_started_or_stopped_before_is_not_started_again():
    brain = leased()
    brain.start(0, "p", 3)
    brain.stop("q", 5)
    again = restored(brain)
    assert not any(again.start(0, "p", epoch) for epoch in (2, 3))
    assert not any(again.start(0, "q", epoch) for epoch in (4, 5))
    assert again.start(0, "q", 6)


def test_one_that_goes_on_when_the_lease_is_over_ends_all():
    brain = leased()
    brain.start(0, "p", 3)
    assert restored(brain).fence(9_000) == [("p", 3)]


def test_the_number_of_beats_is_to_be_written_down_before_it_could_be_taken_for_an_older_one():
    brain, written = Brain("a"), 0
    for _ in range(3 * ROUND):
        if brain.is_round:
            written = brain.export()["sequence"]
        assert brain.beat(0).sequence <= written + ROUND


# What an agent needs.


def imported(source):
    """The top of each name that a module imports."""
    for each in ast.walk(ast.parse(source)):
        if isinstance(each, ast.Import):
            yield from (alias.name for alias in each.names)
        elif isinstance(each, ast.ImportFrom):
            yield each.module or ""


@pytest.mark.parametrize("module", AGENT, ids=lambda path: path.name)
def test_it_needs_the_standard_library_alone(module):
    names = set(imported(module.read_text(encoding="utf-8")))
    foreign = {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names}
    assert {name for name in foreign if not name.startswith("kube9.agent")} == set()


@pytest.mark.parametrize("module", AGENT, ids=lambda path: path.name)
def test_it_is_written_in_python_3_8(module):
    ast.parse(module.read_text(encoding="utf-8"), feature_version=(3, 8))


def oldest_python():
    """The oldest Python from 3.8 on that is here; the one that runs this where there is no older."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [str(python) for minor in (8, 9) for python in sorted(root.glob(f"3.{minor}.*/bin/python"))]
    return next(iter(found), shutil.which("python3.8") or shutil.which("python3.9") or sys.executable)


TRY_IT = """
import runpy, sys
names = runpy.run_path(sys.argv[1])
Answer, Brain = names["Answer"], names["Brain"]
brain = Brain("a")
brain.beat(0)
assert brain.heed(Answer(1, "t", 9000, 1000))
assert brain.start(1, "p", 1)
brain.started("p", 1)
assert brain.beat(2).pods == (names["CopyReport"]("p", 1, "Running"),)
assert brain.fence(9000) == [("p", 1)]
print([name for name in sys.modules if name.startswith(("kube9", "attr"))] or "nothing else")
"""


def test_it_runs_on_the_oldest_python_there_is():
    brain = Path(kube9.agent.__file__).with_name("brain.py")
    done = subprocess.run(
        [oldest_python(), "-I", "-c", TRY_IT, str(brain)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("nothing else\n", "")


def test_an_answer_to_a_start_before_this_one_counts_for_nothing():
    """Each start counts its beats from 1, and what was said to an earlier one may be long under way."""
    brain = Brain("boot-2")
    beat = brain.beat(0)
    assert brain.heed(Answer(beat.sequence, "old", 3000, 1000, boot="boot-1")) is False
    assert (brain.lease_until_ms, brain.token) == (None, "")
    assert brain.heed(Answer(beat.sequence, "new", 3000, 1000, boot="boot-2")) is True
    assert brain.lease_until_ms == 3000


def test_an_agent_that_runs_for_years_remembers_no_more_pods_than_it_needs():
    brain = leased()
    for number in range(12_000):
        assert brain.start(1, f"p{number}", 1)
        brain.stopped(f"p{number}", 1)
    assert len(brain._newest) == 10_000
    assert not brain.start(1, "p2000", 1)
