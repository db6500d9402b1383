from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core import stimuli as s
from kube9.core.errors import PluginError
from kube9.core.expectedrun import EXPECTED_RUN
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec
from kube9.core.ports import expected_run_ms

BEHIND = "waits behind a pod that fits on no node, which nobody may delay"


class Arrival:
    """In order of arrival; those go ahead who end before the first could start."""

    blocks = keeps_first = backfills = True

    def key(self, pod, arrived_ms):
        return (arrived_ms,)

    def expected_ms(self, pod):
        return expected_run_ms(pod)


class Shortest(Arrival):
    def key(self, pod, arrived_ms):
        expected_ms = self.expected_ms(pod)
        return (math.inf if expected_ms is None else expected_ms, arrived_ms)


class OnlyKeepsFirst(Shortest):
    backfills = False


def expecting(run_ms):
    return {} if run_ms is None else {"annotations": {EXPECTED_RUN: f"{run_ms}ms"}}


class Hours:
    """A cluster in which pods come, run from the moment they are bound, and end."""

    def __init__(self, driven, nodes):
        self.driven = driven
        for name, cpu in nodes.items():
            driven.node(name, {"cpu": cpu})

    def come(self, name, cpu, run_ms=None, **more):
        self.driven.pod(name, cpu, **expecting(run_ms), **more)
        self.start()

    def end(self, name):
        self.driven.exited(name)
        self.start()

    def start(self):
        for pod in list(self.driven.pods.values()):
            if pod.node_uid is not None and pod.started_at_ms is None:
                self.driven.started(pod.uid)

    @property
    def running(self):
        return sorted(uid for uid, pod in self.driven.pods.items() if pod.node_uid and not pod.phase.finished)


@pytest.fixture
def hours(drive):
    def hours(discipline=None, **nodes):
        return Hours(drive(discipline=discipline or Arrival()), nodes or {"n": 10})

    return hours


class TestWhoMayOvertake:
    @pytest.fixture
    def blocked(self, hours):
        """``wide`` waits for ``long``, which is expected to end at 100, while 4 of 10 are free."""
        blocked = hours()
        blocked.come("long", 6, 100)
        blocked.driven.at(10)
        blocked.come("wide", 10, 50)
        return blocked

    @pytest.mark.parametrize("run_ms,overtakes", [(89, True), (90, False), (1000, False), (None, False)])
    def test_is_whoever_ends_before_the_first_could_start(self, blocked, run_ms, overtakes):
        blocked.come("new", 4, run_ms)
        assert ("new" in blocked.running) is overtakes
        assert blocked.driven.pods["new"].reason == ("" if overtakes else BEHIND)

    def test_is_found_in_order_of_arrival_whatever_the_order_of_the_queue(self, hours):
        hours = hours(Shortest())
        for name, cpu, run_ms in (
            ("long", 6, 100),
            ("filler", 4, 20),
            ("wide", 10, 5),
            ("first", 4, 60),
            ("short", 4, 30),
        ):
            hours.come(name, cpu, run_ms)
        hours.driven.at(20)
        hours.end("filler")
        assert hours.running == ["first", "long"]

    def test_must_fit(self, blocked):
        blocked.come("new", 5, 10)
        assert blocked.running == ["long"]
        blocked.come("other", 4, 10)
        assert blocked.running == ["long", "other"]

    def test_may_have_come_before_there_was_room(self, blocked):
        for name in ("one", "two", "three"):
            blocked.come(name, 4, 30)
        assert blocked.running == ["long", "one"]
        blocked.driven.at(40)
        blocked.end("one")
        assert blocked.running == ["long", "two"]
        blocked.driven.at(70)
        blocked.end("two")
        assert blocked.running == ["long"], "it would end with long, and not before"

    def test_may_be_of_a_shape_of_which_others_run_for_too_long(self, blocked):
        blocked.come("slow", 2, 500)
        blocked.come("fast", 2, 5)
        assert blocked.running == ["fast", "long"]

    def test_is_nobody_once_the_first_is_due(self, blocked):
        blocked.driven.at(100)
        blocked.come("new", 4, 0)
        assert blocked.running == ["long"]
        blocked.end("long")
        assert blocked.running == ["wide"]

    def test_is_asked_anew_when_the_first_leaves(self, blocked):
        blocked.come("new", 3, 500)
        blocked.driven.tell(s.DeletePod, "wide")
        assert blocked.running == ["long", "new"]

    def test_is_known_to_a_plan(self, blocked):
        plan = blocked.driven.cluster.plan(
            [
                PodSpec(name="short", requests={"cpu": 3}, **expecting(20)),
                PodSpec(name="long-too", requests={"cpu": 1}, **expecting(90)),
                PodSpec(name="wide-too", requests={"cpu": 2}, **expecting(5)),
                PodSpec(name="narrow", requests={"cpu": 1}, **expecting(5)),
            ]
        )
        assert [(each.node_name, each.reason) for each in plan] == [
            ("n", ""),
            (None, BEHIND),
            (None, "0 of 1 nodes fit: 1 insufficient cpu"),
            ("n", ""),
        ]

    def test_is_foreseen_where_a_node_is_added(self, blocked):
        blocked.come("five", 5, 20)
        blocked.come("six", 5, 500)
        foreseen = blocked.driven.foresee(add=(NodeSpec(name="x", capacity={"cpu": 5}),))
        assert {move.pod.uid: move.to_node for move in foreseen.moves if move.to_node} == {"five": "x"}


class TestTheReservation:
    def test_counts_on_nobody_who_does_not_say_when_it_ends(self, hours):
        hours = hours()
        hours.come("service", 6)
        hours.come("wide", 10, 50)
        hours.come("new", 1, 1)
        assert hours.running == ["service"], "nobody knows by when the first fits, so anybody could delay it"

    def test_counts_on_nobody_who_should_have_ended(self, hours):
        hours = hours()
        hours.come("late", 3, 10)
        hours.come("long", 4, 100)
        hours.driven.at(20)
        hours.come("wide", 7, 50)
        hours.come("new", 3, 70)
        assert hours.running == ["late", "long", "new"], "wide has its room when long ends, also if late never does"
        hours.driven.at(30)
        hours.come("other", 1, 1)
        hours.end("new")
        assert hours.running == ["late", "long", "other"]

    def test_is_not_in_the_past(self, hours):
        hours = hours()
        hours.come("late", 3, 10)
        hours.come("long", 6, 100)
        hours.driven.at(20)
        hours.come("wide", 4, 50)
        hours.come("new", 1, 10)
        assert hours.running == ["late", "long", "new"], "wide would fit if late had ended, which it has not"

    def test_counts_on_no_node_that_takes_no_pods(self, hours):
        hours = hours(a=10, b=10)
        hours.come("one", 10, 20)
        hours.come("two", 9, 500)
        hours.driven.tell(s.CordonNode, "a", cordoned=True)
        hours.come("wide", 10, 5)
        hours.come("new", 1, 100)
        assert hours.running == ["new", "one", "two"], "wide fits when two ends; a is cordoned"

    def test_is_of_the_node_where_the_first_fits_soonest(self, hours):
        hours = hours(a=10, b=10)
        hours.come("one", 8, 50)
        hours.come("two", 8, 20)
        hours.come("wide", 9, 5)
        hours.come("new", 2, 19)
        hours.come("late", 2, 20)
        assert hours.running == ["new", "one", "two"]


def test_the_first_keeps_its_turn_when_a_better_one_comes(hours):
    hours = hours(OnlyKeepsFirst())
    hours.come("running", 6, 100)
    hours.come("first", 5, 50)
    hours.come("shorter", 5, 1)
    hours.end("running")
    assert hours.running == ["first", "shorter"]
    hours.come("wide", 10, 30)
    hours.come("narrow", 10, 20)
    hours.end("first")
    hours.end("shorter")
    assert hours.running == ["wide"]


def test_it_keeps_its_turn_whatever_the_keys_are(hours):
    class Urgent(OnlyKeepsFirst):
        def key(self, pod, arrived_ms):
            return (-pod.priority, arrived_ms)

    hours = hours(Urgent())
    hours.come("running", 10, priority=1)
    hours.come("first", 10, priority=1)
    hours.come("urgent", 10, priority=9)
    hours.end("running")
    assert hours.running == ["first"]


def test_where_it_need_not_keep_it_the_better_one_goes(hours):
    class Impatient(OnlyKeepsFirst):
        keeps_first = False

    hours = hours(Impatient())
    hours.come("running", 10, 100)
    hours.come("first", 10, 50)
    hours.come("shorter", 10, 1)
    hours.end("running")
    assert hours.running == ["shorter"]


def test_who_cannot_be_ranked_is_refused_when_it_comes(hours):
    hours = hours(Shortest())
    hours.come("wide", 99, 5)
    with pytest.raises(PluginError, match="pod 'odd': .*: InvalidInput: annotation kube9/expected-run: expected"):
        hours.come("odd", 1, annotations={EXPECTED_RUN: "soon"})


def test_one_that_runs_and_cannot_be_read_counts_as_running_for_ever(hours):
    hours = hours()
    hours.come("odd", 6, annotations={EXPECTED_RUN: "soon"})
    hours.come("wide", 10, 5)
    hours.come("new", 1, 1)
    assert hours.running == ["odd"]


JOBS = st.lists(
    st.tuples(
        st.integers(0, 4),  # after the one before
        st.integers(1, 8),  # cpu
        st.one_of(st.none(), st.integers(0, 9)),  # expected
        st.integers(-2, 2),  # how much longer it runs
    ),
    max_size=16,
)


def plain(jobs, nodes, discipline):
    """When each job starts and where, found by going through everything at every event."""
    free, waiting, running, starts = list(nodes), [], [], {}
    first, coming, now = None, list(jobs), 0

    def place(job):
        return next((node for node, left in enumerate(free) if left >= job["cpu"]), None)

    def start(job):
        node = place(job)
        free[node] -= job["cpu"]
        running.append((now, job, node))
        starts[job["name"]] = (now, node)
        waiting.remove(job)

    def reservation(job):
        would = list(free)
        ends = [
            (began + each["expected"], serial, each, node) for serial, (began, each, node) in in_order() if known(each)
        ]
        for end, _, each, node in sorted(ends, key=lambda end: end[:2]):
            if end >= now:
                would[node] += each["cpu"]
                if would[node] >= job["cpu"]:
                    return end
        return None

    def in_order():
        return enumerate(running)

    def known(job):
        return job["expected"] is not None

    while coming or running or waiting:
        while waiting:
            first = first or min(waiting, key=lambda job: discipline.key(job["spec"], job["at"]))
            if place(first) is not None:
                start(first)
                first = None
                continue
            by = reservation(first)
            for job in [each for each in waiting if each is not first]:
                if by is not None and known(job) and now + job["expected"] < by and place(job) is not None:
                    start(job)
            break
        ends = [(began + job["run"], serial) for serial, (began, job, _) in in_order()]
        if coming and coming[0]["at"] <= min(ends, default=(math.inf, 0))[0]:
            now = coming[0]["at"]
            waiting.append(coming.pop(0))
        elif ends:
            now, serial = min(ends)
            _, job, node = running.pop(serial)
            free[node] += job["cpu"]
        else:
            break
    return starts


def told(jobs):
    """The jobs with names and times."""
    at = 0
    for number, (gap, cpu, expected, longer) in enumerate(jobs):
        at += gap
        run = max(0, (5 if expected is None else expected) + longer)
        spec = PodSpec(name=f"p{number}", requests={"cpu": cpu}, **expecting(expected))
        yield {"name": spec.name, "at": at, "cpu": cpu, "expected": expected, "run": run, "spec": spec}


def live(driven, jobs, nodes, heard=lambda: None):
    """The same by the cluster itself, to which each thing happens in the same order."""
    for number, cpu in enumerate(nodes):
        driven.node(f"n{number}", {"cpu": cpu})
    coming, running, starts = list(jobs), [], {}
    by_name = {job["name"]: job for job in jobs}
    while coming or running:
        ends = [(began + by_name[name]["run"], serial) for serial, (began, name) in enumerate(running)]
        if coming and coming[0]["at"] <= min(ends, default=(math.inf, 0))[0]:
            job = coming.pop(0)
            outcome = driven.at(job["at"]).tell(s.LaunchPod, job["name"], spec=job["spec"])
        else:
            now, serial = min(ends)
            _, name = running.pop(serial)
            outcome = driven.at(now).exited(name)
        heard()
        for event in outcome.events:
            if type(event).__name__ == "PodBound":
                driven.started(event.pod.uid)
                running.append((driven.now_ms, event.pod.uid))
                starts[event.pod.uid] = (driven.now_ms, int(event.node.name[1:]))
    return starts


@given(jobs=JOBS, nodes=st.lists(st.integers(4, 8), min_size=1, max_size=3), shortest=st.booleans())
def test_everybody_starts_when_a_plain_simulation_says(drive, jobs, nodes, shortest):
    discipline = Shortest() if shortest else Arrival()
    jobs = list(told(jobs))
    assert live(drive(discipline=discipline), jobs, nodes) == plain(jobs, nodes, discipline)


@given(jobs=JOBS, nodes=st.lists(st.integers(4, 8), min_size=1, max_size=2), shortest=st.booleans())
def test_nobody_delays_the_first(drive, jobs, nodes, shortest):
    """Where all run for as long as they say, the first starts no later than it could when its turn came."""
    driven, by = drive(discipline=Shortest() if shortest else Arrival()), {}

    def heard():
        placing = driven.cluster._placing
        if (blocker := driven.cluster._queue.blocker) is not None:
            placing._backfill.reserve()
            if placing._backfill._reservation_ms is not None:
                by.setdefault(blocker[2], placing._backfill._reservation_ms)

    jobs = [job | {"run": job["expected"] or 0} for job in told(jobs) if job["expected"] is not None]
    starts = live(driven, jobs, nodes, heard)
    assert {uid: at_ms for uid, at_ms in by.items() if starts[uid][0] > at_ms} == {}


class Unlocal:
    """A filter that does not say that only what is freed can help, so that after each change everybody is tried."""

    def __init__(self, filter_) -> None:
        self.reason, self.fits = filter_.reason, filter_.fits


@given(jobs=JOBS, nodes=st.lists(st.integers(4, 8), min_size=1, max_size=3))
def test_filters_that_promise_nothing_make_no_difference(drive, jobs, nodes):
    jobs = list(told(jobs))
    thorough = drive(discipline=Arrival(), filters=[(name, Unlocal(filter_)) for name, filter_ in drive.usual_filters])
    assert live(thorough, jobs, nodes) == live(drive(discipline=Arrival()), jobs, nodes)


def test_whoever_could_overtake_is_tried_again_after_a_filter_failed_on_it(drive):
    class Moody:
        reason = "moody"
        local = monotone = fails = True

        def fits(self, pod, nodes):
            if self.fails and pod.name == "new":
                raise ZeroDivisionError

    moody = Moody()
    hours = Hours(drive(discipline=Arrival(), more_filters=(("moody", moody),)), {"n": 10})
    for name, cpu, run_ms in (("long", 6, 10_000), ("wide", 10, 50), ("new", 4, 30)):
        hours.come(name, cpu, run_ms)
    assert hours.running == ["long"]
    moody.fails = False
    hours.driven.at(hours.driven.cluster.due_at_ms).tell(s.TimePassed)
    assert hours.running == ["long", "new"]
