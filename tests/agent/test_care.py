from __future__ import annotations

import json

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kube9.agent.care import Ask, Care, Kill, Start
from kube9.agent.inquiry import FOREVER
from kube9.agent.parts import Container, PodParts, Probe

WEB = Container("web")
ACTION = {"tcpSocket": {"port": 80}}


class Looked:
    """Care, a clock, and all that was to be done, as text."""

    def __init__(self, *containers, **more):
        self.now_ms = 0
        self.care = Care(PodParts(containers or (WEB,), **more), 0)
        self.asks = []

    def at(self, now_ms):
        self.now_ms = now_ms
        return self

    def due(self):
        told = []
        for action in self.care.due(self.now_ms):
            if isinstance(action, Start):
                told.append(f"start {action.container} {action.run}")
            elif isinstance(action, Kill):
                told.append(f"kill {action.container} {action.run} {action.grace_ms}")
            else:
                told.append(f"ask {action.container} {action.run} {action.kind}")
                self.asks.append(action)
        return told

    def runs(self, name="web", run=1):
        """It is to be started now, and runs at once."""
        assert self.due() == [f"start {name} {run}"]
        self.care.started(name, run, self.now_ms)
        return self

    def ends(self, exit_code=1, name="web", run=1, **more):
        self.care.exited(name, run, self.now_ms, exit_code, **more)
        return self

    def answer(self, ok, message="HTTP status 500", same_until_ms=None):
        """All that was asked is answered alike."""
        asks, self.asks = self.asks, []
        for ask in asks:
            self.care.answered(ask, self.now_ms, ok, message, same_until_ms)
        return self

    @property
    def shown(self):
        state = self.care.state()
        return f"{state.phase}{' ready' if state.ready else ''} {state.restarts}"

    @property
    def reason(self):
        return self.care.state().reason

    @property
    def containers(self):
        return {each.name: each.reason or each.state for each in self.care.containers()}


class TestRestarts:
    def test_a_pod_runs_when_its_container_does(self):
        looked = Looked()
        assert looked.due() == ["start web 1"]
        assert (looked.due(), looked.shown, looked.containers) == ([], "Starting 0", {"web": "ContainerCreating"})
        looked.care.started("web", 1, 5)
        assert (looked.shown, looked.reason, looked.containers) == ("Running ready 0", "", {"web": "running"})
        assert looked.care.next_ms is None

    def test_the_pauses_double_up_to_five_minutes_and_the_first_restart_has_none(self):
        looked, pauses = Looked(), []
        for run in range(1, 10):
            looked.runs(run=run).ends(run=run)
            pauses.append(looked.care.next_ms - looked.now_ms)
            looked.at(looked.care.next_ms)
        assert pauses == [0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]

    def test_it_is_not_started_before_its_pause_is_over(self):
        looked = Looked().runs().ends().runs(run=2).ends(run=2)
        assert looked.reason == "CrashLoopBackOff: container web exited with code 1; again in 10 s"
        assert (looked.shown, looked.containers) == ("Running 1", {"web": "CrashLoopBackOff"})
        assert looked.at(9_999).due() == []
        looked.at(10_000).runs(run=3)
        assert (looked.shown, looked.reason) == ("Running ready 2", "")

    def test_an_end_after_ten_minutes_counts_as_the_first(self):
        looked = Looked().runs().ends().runs(run=2).ends(run=2).at(10_000).runs(run=3)
        looked.at(609_999).ends(run=3)
        assert looked.care.next_ms == 629_999
        looked.at(629_999).runs(run=4).at(1_229_999).ends(run=4)
        assert looked.due() == ["start web 5"]

    @pytest.mark.parametrize(
        "policy,exit_code,shown",
        [
            ("Always", 0, "Running 0"),
            ("Always", 1, "Running 0"),
            ("OnFailure", 0, "Succeeded 0"),
            ("OnFailure", 1, "Running 0"),
            ("Never", 0, "Succeeded 0"),
            ("Never", 1, "Failed 0"),
        ],
    )
    def test_the_policy_says_whether_it_is_started_again(self, policy, exit_code, shown):
        looked = Looked(restart_policy=policy).runs().ends(exit_code)
        assert looked.shown == shown
        assert looked.due() == (["start web 2"] if shown.startswith("Running") else [])
        assert looked.care.finished is not shown.startswith("Running")

    def test_one_that_cannot_start_is_tried_again_like_one_that_ended(self):
        looked = Looked()
        looked.due()
        looked.care.not_started("web", 1, 0, "no image")
        assert looked.reason == "StartError: container web could not start: no image; started again"
        assert looked.due() == ["start web 2"]
        looked.care.not_started("web", 2, 0, "no image")
        assert looked.reason == "CrashLoopBackOff: container web could not start: no image; again in 10 s"
        assert looked.shown == "Starting 1"

    def test_how_it_failed_is_told(self):
        looked = Looked(restart_policy="Never").runs().ends(137, out_of_memory=True)
        assert looked.reason == "OOMKilled: container web used more memory than it may"
        assert (looked.care.state().exit_code, looked.containers) == (137, {"web": "OOMKilled"})
        looked = Looked(restart_policy="Never").runs().ends(3, message="crashed after 7 ms")
        assert looked.reason == "Error: container web exited with code 3: crashed after 7 ms"

    def test_a_pod_goes_on_until_its_last_container_has_ended(self):
        looked = Looked(Container("a"), Container("b"), restart_policy="Never")
        assert looked.due() == ["start a 1", "start b 1"]
        looked.care.started("a", 1, 0)
        assert looked.shown == "Starting 0"
        looked.care.started("b", 1, 0)
        looked.ends(0, "a")
        assert (looked.shown, looked.reason) == ("Running 0", "Completed: container a exited with code 0")
        assert looked.ends(4, "b").shown == "Failed 0"
        assert looked.care.state().exit_code == 4

    def test_what_is_told_of_an_earlier_run_is_old_news(self):
        looked = Looked().runs().ends().runs(run=2)
        looked.ends(run=1)
        looked.care.started("web", 1, 0)
        looked.care.not_started("web", 1, 0, "no image")
        assert looked.shown == "Running ready 1"


class TestInitContainers:
    def test_they_run_one_after_the_other_each_to_its_end(self):
        looked = Looked(init_containers=(Container("a"), Container("b"))).runs("a")
        assert looked.reason == "PodInitializing: init container a runs, 1 of 2"
        assert looked.containers == {"a": "running", "b": "PodInitializing", "web": "PodInitializing"}
        assert looked.due() == []
        looked.ends(0, "a").runs("b")
        assert looked.reason == "PodInitializing: init container b runs, 2 of 2"
        looked.ends(0, "b").runs()
        assert (looked.shown, looked.reason) == ("Running ready 0", "")

    def test_one_that_fails_is_tried_again(self):
        looked = Looked(init_containers=(Container("a"),)).runs("a").ends(1, "a").runs("a", 2).ends(1, "a", 2)
        assert looked.reason == "CrashLoopBackOff: container a exited with code 1; again in 10 s"
        assert (looked.shown, looked.care.next_ms) == ("Starting 1", 10_000)

    def test_unless_the_policy_is_never_and_then_the_pod_has_failed(self):
        looked = Looked(init_containers=(Container("a"), Container("b")), restart_policy="Never").runs("a").ends(3, "a")
        assert (looked.due(), looked.care.next_ms, looked.care.finished) == ([], None, True)
        assert (looked.shown, looked.reason) == ("Failed 0", "Error: container a exited with code 3")
        assert looked.care.state().exit_code == 3


def probed(kind, **more):
    return Looked(Container("web", **{kind: Probe(ACTION, **{"period_ms": 1_000, **more})}))


class TestReadiness:
    def test_a_pod_is_not_ready_before_the_first_success(self):
        looked = probed("readiness", initial_delay_ms=500).runs()
        assert (looked.shown, looked.care.next_ms) == ("Running 0", 500)
        assert looked.reason == "NotReady: container web has not passed its readiness probe yet"
        assert looked.at(500).due() == ["ask web 1 readiness"]
        assert looked.asks[0] == Ask("web", 1, "readiness", 1, ACTION, 1_000)
        assert looked.answer(True).shown == "Running ready 0"
        assert (looked.care.next_ms, looked.due()) == (1_500, [])

    def test_it_takes_as_many_answers_as_its_thresholds_say(self):
        looked, shown = probed("readiness", success_threshold=2, failure_threshold=3).runs(), []
        for number, ok in enumerate([True, False, True, True, False, False, True, False, False, False, True, True]):
            looked.at(1_000 * number).due()
            shown.append(looked.answer(ok).care.state().ready)
        assert shown == [*[False] * 3, *[True] * 6, False, False, True]

    def test_one_that_fails_is_told_with_what_was_said_and_not_killed(self):
        looked = probed("readiness", failure_threshold=1).runs()
        looked.due()
        looked.answer(False, "HTTP status 503")
        assert looked.reason == "Unhealthy: container web failed its readiness probe: HTTP status 503"
        looked.at(1_000).due()
        looked.answer(False, "connection refused")
        assert looked.reason.endswith("HTTP status 503"), "what is told changes only with what it comes to"
        assert (looked.due(), looked.containers) == ([], {"web": "Unhealthy"})

    def test_all_containers_must_be_ready(self):
        ready = Probe(ACTION, period_ms=1_000)
        looked = Looked(Container("a", readiness=ready), Container("b"))
        looked.due()
        looked.care.started("a", 1, 0)
        looked.care.started("b", 1, 0)
        looked.due()
        assert looked.shown == "Running 0"
        assert looked.answer(True).shown == "Running ready 0"
        assert looked.ends(name="b").shown == "Running 0"


class TestLiveness:
    def test_one_that_fails_often_enough_is_killed_and_started_again(self):
        looked = probed("liveness", failure_threshold=2).runs()
        assert looked.shown == "Running ready 0"
        looked.due()
        looked.answer(False).at(1_000).due()
        looked.answer(False)
        assert (looked.due(), looked.due()) == (["kill web 1 30000"], [])
        assert (looked.shown, looked.care.next_ms) == ("Running 0", None)
        assert looked.reason == "Unhealthy: container web failed its liveness probe: HTTP status 500"
        looked.ends(143).runs(run=2).ends(143, run=2)
        assert looked.reason.startswith("CrashLoopBackOff: container web exited with code 143")

    @pytest.mark.parametrize("policy,starts", [("Always", True), ("OnFailure", True), ("Never", False)])
    def test_it_counts_as_failed_however_it_ends(self, policy, starts):
        looked = Looked(Container("web", liveness=Probe(ACTION, failure_threshold=1)), restart_policy=policy).runs()
        looked.due()
        looked.answer(False).due()
        assert looked.ends(0).due() == (["start web 2"] if starts else [])

    def test_a_probe_may_have_a_grace_of_its_own(self):
        looked = probed("liveness", failure_threshold=1, grace_ms=7).runs()
        looked.due()
        assert looked.answer(False).due() == ["kill web 1 7"]

    def test_no_answer_at_all_is_a_failure(self):
        looked = probed("liveness", failure_threshold=1, timeout_ms=300).runs()
        looked.due()
        assert looked.care.next_ms == 1_300
        assert looked.at(1_300).due() == ["kill web 1 30000"]
        assert looked.reason == "Unhealthy: container web failed its liveness probe: no answer within 0.3 s"
        assert looked.answer(True).reason.startswith("Unhealthy"), "an answer that late is none"

    def test_each_run_is_judged_anew(self):
        looked = probed("liveness", failure_threshold=2).runs()
        looked.due()
        looked.answer(False).ends().runs(run=2)
        looked.due()
        assert looked.answer(False).due() == []

    def test_an_answer_counts_for_its_question_alone(self):
        looked = probed("liveness", failure_threshold=2).runs()
        looked.due()
        (first,) = looked.asks
        looked.care.answered(first, 0, False)
        looked.care.answered(first, 0, False)
        assert looked.due() == [], "it came twice"
        looked.ends().runs(run=2)
        looked.due()
        looked.care.answered(first, 0, False)
        looked.care.answered(looked.asks[-1], 0, False)
        assert looked.due() == [], "the other was about the run before"


class TestStartup:
    def test_the_other_probes_wait_for_it(self):
        probe = Probe(ACTION, period_ms=1_000)
        looked = Looked(Container("web", startup=probe, liveness=probe, readiness=probe)).runs()
        assert looked.due() == ["ask web 1 startup"]
        assert looked.reason == "NotReady: container web has not passed its startup probe yet"
        assert looked.answer(False).at(1_000).due() == ["ask web 1 startup"]
        assert looked.answer(True).due() == ["ask web 1 liveness", "ask web 1 readiness"]
        assert looked.answer(True).shown == "Running ready 0"
        assert looked.at(2_000).due() == ["ask web 1 liveness", "ask web 1 readiness"]

    def test_one_that_never_passes_is_killed(self):
        looked = probed("startup", failure_threshold=2).runs()
        looked.due()
        looked.answer(False).at(1_000).due()
        assert looked.answer(False).due() == ["kill web 1 30000"]
        assert looked.reason == "Unhealthy: container web failed its startup probe: HTTP status 500"


class TestAnswersThatStayTheSame:
    def test_what_could_change_nothing_is_not_asked_again(self):
        looked = probed("readiness").runs()
        looked.due()
        assert looked.answer(True, same_until_ms=FOREVER).care.next_ms is None

    def test_until_it_could_and_in_its_turn(self):
        looked = probed("readiness").runs()
        looked.due()
        assert looked.answer(True, same_until_ms=5_400).care.next_ms == 6_000
        assert looked.at(6_000).due() == ["ask web 1 readiness"]

    def test_what_could_change_something_is_asked_all_the_same(self):
        looked = probed("liveness", failure_threshold=3).runs()
        for number in range(3):
            assert looked.at(number * 1_000).due() == ["ask web 1 liveness"]
            looked.answer(False, same_until_ms=FOREVER)
        assert looked.due() == ["kill web 1 30000"]


class TestStop:
    def test_everything_ends_and_nothing_starts_again(self):
        looked = Looked(Container("a"), Container("b"), Container("c"))
        looked.due()
        looked.care.started("a", 1, 0)
        looked.ends(name="b").due()
        looked.ends(name="b", run=2)
        looked.care.stop(50)
        assert looked.due() == ["kill a 1 50"]
        looked.care.started("c", 1, 0)
        assert looked.due() == ["kill c 1 50"]
        looked.ends(143, "a")
        assert not looked.care.finished
        looked.ends(143, "c")
        assert (looked.care.finished, looked.care.next_ms, looked.at(10**9).due()) == (True, None, [])

    def test_a_pod_that_was_stopped_before_it_ran_has_no_exit_code(self):
        looked = Looked()
        looked.care.stop(0)
        assert (looked.shown, looked.care.state().exit_code, looked.due()) == ("Failed 0", None, [])


probes = st.none() | st.tuples(st.sampled_from((0, 700)), st.sampled_from((1_000, 30_000)), st.integers(1, 3)).map(
    lambda drawn: Probe(ACTION, initial_delay_ms=drawn[0], period_ms=drawn[1], failure_threshold=drawn[2])
)
policies = st.sampled_from(("Always", "OnFailure", "Never"))


class CareMachine(RuleBasedStateMachine):
    """Everything that can happen to a pod of two init containers and two others.

    Beside it stands what a restart policy and a pause are by the book, kept by the containers' ends alone.
    """

    @initialize(policy=policies, web=st.tuples(probes, probes, probes), inits=st.integers(0, 2))
    def begin(self, policy, web, inits):
        self.policy, self.inits = policy, ["i0", "i1"][:inits]
        self.names = [*self.inits, "web", "log"]
        parts = PodParts((Container("web", *web), Container("log")), tuple(map(Container, self.inits)), policy, 5_000)
        self.parts, self.now_ms, self.care = parts, 0, Care(parts, 0)
        self.said_again = set()  # kills that another agent cannot know to be under way
        self.going = {}  # by name: which run, and since when, once it runs
        self.runs = dict.fromkeys(self.names, 0)
        self.crashes = dict.fromkeys(self.names, 0)
        self.not_before_ms = dict.fromkeys(self.names, 0)
        self.over = {}  # exit code by name, of those that end for good
        self.killed, self.asks, self.stopped, self.last = set(), [], False, None
        self.look()

    def look(self):
        """Do what is to be done, and hold it against the book."""
        for action in self.care.due(self.now_ms):
            name = action.container
            if isinstance(action, Start):
                assert not self.stopped
                assert name not in self.going, "two runs at once"
                assert name not in self.over, f"{name} is over, by policy {self.policy}"
                before = self.inits[: self.inits.index(name)] if name in self.inits else self.inits
                assert all(self.over.get(each) == 0 for each in before), f"{name} started before {before} were done"
                assert self.now_ms >= self.not_before_ms[name], "started before the pause was over"
                assert action.run == self.runs[name] + 1
                self.runs[name], self.going[name] = action.run, None
            elif isinstance(action, Kill):
                assert self.going.get(name) is not None, "killed, but it does not run"
                assert (name, action.run) not in self.killed - self.said_again
                self.said_again.discard((name, action.run))
                assert name == "web" or self.stopped, "log and init containers have no probe to fail"
                self.killed.add((name, action.run))
            else:
                assert self.going.get(name) is not None, "asked, but it does not run"
                assert (name, action.run) not in self.killed
                self.asks.append(action)
        assert not [each for each in self.care.due(self.now_ms) if not isinstance(each, Ask)], "said twice"
        inits_done = all(self.over.get(each) == 0 for each in self.inits)
        for name in () if self.stopped or not inits_done else ("web", "log"):
            if name not in self.going and name not in self.over:
                assert self.now_ms < self.not_before_ms[name], f"{name} waits longer than its pause"

    @rule()
    def another_agent_goes_on(self):
        """Of the one before nothing is left but what it wrote down; who was asked by it answers nobody."""
        told, before = json.loads(json.dumps(self.care.export())), self.care.state()
        self.care = Care(self.parts, 0)
        self.care.restore(told, self.now_ms)
        assert self.care.state() == before
        self.asks, self.said_again = [], {(name, run) for name, run in self.killed if self.runs[name] == run}
        self.look()

    @rule(ms=st.sampled_from((0, 1, 1_000, 9_999, 10_000, 300_000, 600_000)))
    def time_passes(self, ms):
        self.now_ms += ms
        self.look()

    @precondition(lambda self: self.care.next_ms is not None)
    @rule()
    def until_due(self):
        self.now_ms = max(self.now_ms, self.care.next_ms)
        self.look()

    @precondition(lambda self: None in self.going.values())
    @rule(pick=st.integers(0, 3), well=st.booleans())
    def start_comes_to_something(self, pick, well):
        starting = [name for name, since in self.going.items() if since is None]
        name = starting[pick % len(starting)]
        if well:
            self.going[name] = self.now_ms
            self.care.started(name, self.runs[name], self.now_ms)
        else:
            self.care.not_started(name, self.runs[name], self.now_ms, "no image")
            self._ended(name, 128)
        self.look()

    @precondition(lambda self: any(since is not None for since in self.going.values()))
    @rule(pick=st.integers(0, 3), code=st.sampled_from((0, 0, 1, 137)))
    def one_ends(self, pick, code):
        running = [name for name, since in self.going.items() if since is not None]
        name = running[pick % len(running)]
        self.care.exited(name, self.runs[name], self.now_ms, code)
        self._ended(name, code)
        self.look()

    def _ended(self, name, code):
        since_ms = self.going.pop(name)
        long = since_ms is not None and self.now_ms - since_ms >= 600_000
        self.crashes[name] = 1 if long else self.crashes[name] + 1
        crashes = self.crashes[name]
        pause_s = 0 if crashes == 1 else min(10 * 2 ** (crashes - 2), 300)
        self.not_before_ms[name] = self.now_ms + 1_000 * pause_s
        sick = (name, self.runs[name]) in self.killed
        anew = (code != 0 or sick) if name in self.inits or self.policy == "OnFailure" else True
        if self.stopped or self.policy == "Never" or not anew:
            self.over[name] = code

    @precondition(lambda self: self.asks)
    @rule(pick=st.integers(0, 9), ok=st.booleans(), lasting=st.booleans())
    def a_probe_is_answered(self, pick, ok, lasting):
        ask = self.asks.pop(pick % len(self.asks))
        self.care.answered(ask, self.now_ms, ok, "no", FOREVER if lasting else None)
        self.look()

    @precondition(lambda self: any(runs > 1 for runs in self.runs.values()))
    @rule(pick=st.integers(0, 3))
    def old_news(self, pick):
        """Something of an earlier run is told late."""
        names = [name for name, runs in self.runs.items() if runs > 1]
        name = names[pick % len(names)]
        self.care.started(name, self.runs[name] - 1, self.now_ms)
        self.care.exited(name, self.runs[name] - 1, self.now_ms, 0)
        self.look()

    @precondition(lambda self: not self.stopped)
    @rule(sure=st.integers(0, 9))
    def stop(self, sure):
        if sure == 0:
            self.stopped = True
            self.care.stop(5_000)
            self.look()

    @invariant()
    def it_is_as_the_book_has_it(self):
        state = self.care.state()
        running = all(self.going.get(name) is not None for name in ("web", "log"))
        assert not state.ready or (running and state.phase == "Running")
        assert state.restarts == sum(max(0, runs - 1) for runs in self.runs.values())
        if self.last is not None and self.last.phase in ("Succeeded", "Failed"):
            assert state == self.last, "what has finished stays so"
        self.last = state

    @invariant()
    def it_has_finished_when_all_are_over(self):
        if self.stopped:
            assert self.care.finished == (not self.going)
            return
        broken = any(self.over.get(name) for name in self.inits)
        all_over = {"web", "log"} <= self.over.keys()
        assert self.care.finished == (broken or all_over)
        if self.care.finished:
            well = not any(self.over.values())
            assert self.care.state().phase == ("Succeeded" if well else "Failed")

    @invariant()
    def something_is_always_next(self):
        """Unless all is over, something runs, or is to be started at a time that is known."""
        assert self.care.finished or self.going or self.care.next_ms is not None


TestCareMachine = CareMachine.TestCase
