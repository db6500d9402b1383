"""What happens when the store, or the cluster itself, fails; and that many at once get what they were promised."""

from __future__ import annotations

import itertools
import random
import threading

import pytest

from kube9.backends.behaviour import PodBehaviour
from kube9.core.deployments import DeploymentSpec
from kube9.core.errors import Conflict, Kube9Error, NotRunning, StoreError, StoreUnavailable, UnknownName
from kube9.core.events import StaleReport
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodPhase, PodSpec
from kube9.core.settings import Settings
from kube9.core.stimuli import PodStarted, Stimulus
from kube9.plugins.health import Heartbeat
from kube9.store import event_record, open_store
from kube9.testing.clusters import cluster_with


def spec(name, cpu_milli=100, **more):
    return PodSpec(name=name, requests={"cpu": cpu_milli}, **more)


class TestWhileTheStoreIsAway:
    def test_writes_are_refused_and_nothing_of_them_is_seen(self, world):
        plane = world.start()
        node = world.node("n")
        world.store.break_down()
        with pytest.raises(StoreUnavailable, match="the database does not answer"):
            world.pod("p")
        last_id = plane.events.last_id
        with pytest.raises(StoreUnavailable):
            plane.cordon_node("n", True)
        assert (plane.view.pods(), plane.view.node("n")) == ([], node)
        assert plane.events.last_id == last_id
        assert world.backend.list_pods(node) == ()
        assert plane.status().reason == "the store is unavailable: the database does not answer"
        assert not plane.status().ready

    def test_all_goes_on_by_itself_once_it_is_back(self, world):
        plane = world.start()
        node = world.node("n")
        world.store.break_down()
        with pytest.raises(StoreUnavailable):
            plane.launch_pod(spec("p"), uid="u")
        world.store.recover()
        world.until_event("PodRunning")
        assert [report.pod_uid for report in world.backend.list_pods(node)] == ["u"]
        again = plane.launch_pod(spec("p"), uid="another")
        assert (again.created, again.pod.uid) == (False, "u")
        assert plane.status().ready
        assert plane.status().commit_failures >= 1

    def test_what_was_stored_although_it_seemed_not_is_there_once(self, world):
        plane = world.start()
        world.node("n")
        world.store.break_down(afterwards=True)
        with pytest.raises(StoreUnavailable):
            plane.launch_pod(spec("p"), uid="u")
        world.store.recover()
        world.until_event("PodRunning")
        ids = [event.id for event in plane.store.events()]
        assert ids == list(range(1, len(ids) + 1))
        assert [pod.uid for pod in plane.store.load().pods] == ["u"]

    def test_questions_are_answered(self, world):
        plane = world.start()
        world.node("n")
        world.pod("p")
        world.store.break_down()
        with pytest.raises(StoreUnavailable):
            world.pod("q")
        assert plane.plan([spec("r")])[0].node_name == "n"
        assert plane.explain_pod("default", "p").winner == "n"

    def test_reports_of_backends_are_taken_up_afterwards(self, world):
        plane = world.start(knobs={"behaviour": PodBehaviour(start_delay_ms=100)})
        world.node("n")
        plane.launch_pods([(f"u{number}", spec(f"p{number}", 10)) for number in range(20)])
        world.store.break_down()
        world.backend.fail_node(plane.view.node("n"))
        world.backend.restart_node(plane.view.node("n"))
        with pytest.raises(StoreUnavailable):
            world.pod("q", 10)
        world.store.recover()
        world.until(lambda view: len([pod for pod in view.pods() if pod.phase is PodPhase.RUNNING]) == 21)
        world.plane.stop()
        world.cluster.check()

    def test_a_stop_does_not_wait_for_it(self, world):
        plane = world.start(settings={"commit_retry_ms": 60_000, "commit_retry_ms_max": 60_000})
        world.node("n")
        world.store.break_down()
        with pytest.raises(StoreUnavailable):
            world.pod("p")
        plane.stop()
        with pytest.raises(NotRunning):
            world.pod("p")
        world.store.recover()
        assert [node.name for node in world.start().view.nodes()] == ["n"]
        assert world.plane.view.pods() == []

    def test_a_long_list_is_answered_for_as_far_as_it_got(self, world):
        plane = world.start(settings={"batch_pods": 2})
        world.node("n")
        commit, commits = world.store._store.commit, itertools.count(1)

        class Second:
            def __getattr__(self, name):
                return getattr(world_store, name)

            def commit(self, changes, events=()):
                if next(commits) == 2:
                    world.store.break_down()
                    raise StoreUnavailable("no space left on the device")
                commit(changes, events)

        world_store, world.store._store = world.store._store, Second()
        answers = plane.launch_pods([(f"u{number}", spec(f"p{number}", 9999)) for number in range(6)])
        assert [type(answer).__name__ for answer in answers] == ["Launched"] * 2 + ["StoreUnavailable"] * 4
        with pytest.raises(StoreUnavailable):
            plane.launch_pods([("v", spec("v"))])


class TestWhatIsFatal:
    def test_a_store_that_cannot_go_on_stops_everything(self, world):
        plane = world.start()
        world.node("n")
        world.store.break_down(StoreError("another server has taken over"))
        with pytest.raises(StoreError, match="the control plane has stopped: another server has taken over"):
            world.pod("p")
        with pytest.raises(NotRunning, match="the control plane has stopped: another server has taken over"):
            world.pod("q")
        plane._loop.join()
        assert world.fatal == ["another server has taken over"]
        assert plane.status().reason == "the control plane has stopped: another server has taken over"
        assert plane.view.node("n").name == "n"

    def test_a_bug_stops_everything_and_what_is_durable_is_whole(self, world):
        cluster = cluster_with()
        plane = world.start(cluster=cluster)
        world.node("n")
        world.running("p")
        cluster._handlers[PodStarted] = break_it
        world.pod("q")
        plane._loop.join()
        assert world.fatal == ["ZeroDivisionError: of all things (" + __file__ + ":" + line_of(break_it) + ")"]
        plane = world.restart()
        world.until(lambda view: {pod.phase for pod in view.pods()} == {PodPhase.RUNNING})
        assert [pod.name for pod in plane.view.pods()] == ["p", "q"]

    def test_whoever_met_the_bug_gets_it_and_others_hear_that_it_is_over(self, world):
        plane = world.start()
        world.cluster.handle = break_it
        with pytest.raises(ZeroDivisionError, match="of all things"):
            world.pod("p")
        with pytest.raises(NotRunning, match="the control plane has stopped: ZeroDivisionError: of all things"):
            plane.plan([])

    def test_a_report_that_makes_no_sense_is_none(self, world, caplog):
        plane = world.start()
        world.node("n")
        plane._deliver("PodStarted, I think")
        plane._deliver(Stimulus(at_ms=0))
        assert world.pod("p").node_uid == "uid-n"
        assert "no stimulus, and it is ignored: 'PodStarted, I think'" in caplog.text
        assert "ignored: expected a stimulus of kube9.core.stimuli" in caplog.text


def break_it(_):
    raise ZeroDivisionError("of all things")


def line_of(function):
    return str(function.__code__.co_firstlineno + 1)


def test_the_cluster_is_woken_when_it_wants_to_be(world):
    world.start(patience=Settings(start_backoff_ms=20, start_attempts=3))
    world.node("n", options={"start_error": "no image"})
    world.pod("p")
    world.until_event("PodFinished")
    assert world.types().count("PodBound") == 3


def test_cluster_time_never_stands_still_though_the_clock_was_set_back(world):
    """The store remembers a time to come; pauses are as long as ever all the same."""
    world.start().stop()
    store = open_store(str(world.path))
    loaded = store.load()
    ahead_ms = loaded.now_ms + 3_600_000
    store.commit([], [event_record(loaded.next_event_id, StaleReport(at_ms=ahead_ms, what="from the future"))])
    store.close()
    plane = world.start(patience=Settings(start_backoff_ms=20, start_attempts=2))
    world.node("n", options={"start_error": "no image"})
    world.pod("p")
    world.until_event("PodFinished")
    assert plane.events.since(0)[-1].at_ms >= ahead_ms


def test_real_postgresql_goes_away_and_comes_back(world, postgres_url, stoppable_postgres):
    store = open_store(postgres_url)
    plane = world.start(store=store)
    world.node("n")
    world.running("before")
    stoppable_postgres.stop()
    with pytest.raises(StoreUnavailable):
        world.pod("during")
    assert [pod.name for pod in plane.view.pods()] == ["before"]
    stoppable_postgres.start()
    world.until(lambda _: plane.status().ready)
    world.running("after")
    world.until(lambda view: {pod.name for pod in view.pods()} == {"before", "during", "after"})
    plane.stop()
    world.cluster.check()


class Crowd:
    """Threads that ask for things at random, and remember what they were promised."""

    def __init__(self, world, threads, steps):
        self.world, self.plane = world, world.plane
        self.errors = []
        #: By thread, the uids by name of pods that were acknowledged and not asked to go since.
        self.promises = [{} for _ in range(threads)]
        self.threads = [threading.Thread(target=self.run, args=(number, steps)) for number in range(threads)]

    def go(self):
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join()

    def run(self, number, steps):
        rng = random.Random(number)
        try:
            for step in range(steps):
                self.step(rng, f"{number}-{step}", self.promises[number])
        except Exception as exc:
            self.errors.append(exc)

    def step(self, rng, fresh, promised):
        what = rng.random()
        try:
            if what < 0.6 or not promised:
                promised[fresh] = self.plane.launch_pod(spec(fresh, rng.choice((50, 100, 700))), uid=fresh).pod.uid
            elif what < 0.8:
                name = rng.choice(list(promised))
                promised.pop(name)
                self.plane.delete_pod("default", name, 0)
            elif what < 0.9:
                self.plane.cordon_node(f"n{rng.randrange(6)}", rng.random() < 0.3)
            elif what < 0.95:
                self.plane.fail_node(f"n{rng.randrange(6)}", down_for_ms=rng.choice((None, 20)))
            elif what < 0.98:
                self.plane.drain_node(f"n{rng.randrange(6)}", 0)
            else:
                self.plane.apply_deployment(
                    DeploymentSpec(name="web", replicas=rng.randrange(4), template=spec("web", 10)), uid=fresh
                )
        except (Conflict, UnknownName, StoreUnavailable):
            promised.pop(fresh, None)

    def settle(self):
        """Let every node take pods again, and wait until nothing is under way."""
        for number in range(6):
            self.plane.cordon_node(f"n{number}", False)
        self.world.until(self.at_rest)

    def at_rest(self, view):
        under_way = {PodPhase.STARTING}
        return (
            all(node.schedulable for node in view.nodes())
            and not any(pod.phase in under_way or pod.deleting or pod.evicting for pod in view.pods())
            and not self.plane.status().stimuli_waiting
            and not self.plane.status().instructions_waiting
        )


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_many_at_once_get_what_they_were_promised(world, request, database):
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else str(world.path)
    plane = world.start(
        store=open_store(url),
        knobs={"heartbeat_ms": 20},
        health=Heartbeat(interval_ms=20, suspect_ms=100, fail_ms=300),
        patience=Settings(recovery_backoff_ms=20),
    )
    for number in range(6):
        plane.add_node(NodeSpec(name=f"n{number}", capacity={"cpu": 2000}), uid=f"node-{number}")
    crowd = Crowd(world, threads=16, steps=40)
    crowd.go()
    assert crowd.errors == []
    crowd.settle()
    held = {pod.name: pod.uid for pod in plane.view.pods() if pod.owner is None}
    assert held == {name: uid for promised in crowd.promises for name, uid in promised.items()}
    plane.stop()
    view, cluster = plane.view, world.cluster
    cluster.check()
    seen = (view.nodes(), view.pods(), view.deployments())
    assert seen == ([*cluster.nodes.values()], [*cluster.pods.values()], [*cluster.deployments.values()])
    store = open_store(url)
    loaded = store.load()
    store.close()
    assert seen == ([*loaded.nodes], [*loaded.pods], [*loaded.deployments])
    for node in view.nodes():
        used = sum(pod.spec.requests["cpu"] for pod in view.pods_on(node.uid))
        assert view.used(node.uid).amounts.get("cpu", 0) == used <= 2000


def test_too_much_at_once_is_refused(world):
    plane = world.start(settings={"requests_waiting_max": 10})
    entered, leave = threading.Event(), threading.Event()

    def hold_up(turn):
        entered.set()
        leave.wait(60)

    plane._inbox.put(hold_up)
    assert entered.wait(60)
    outcomes = []

    def launch(number):
        try:
            outcomes.append(plane.launch_pod(spec(f"p{number}"), uid=f"u{number}").created)
        except Kube9Error as exc:
            outcomes.append(str(exc))

    threads = [threading.Thread(target=launch, args=(number,)) for number in range(15)]
    for thread in threads:
        thread.start()
    world.until(lambda _: len(outcomes) == 5)
    leave.set()
    for thread in threads:
        thread.join()
    assert outcomes == ["10 requests wait already, and 10 is the most; try again in a moment"] * 5 + [True] * 10


def test_a_turn_that_lasts_takes_up_no_more(world):
    plane = world.start(settings={"turn_ms": 1})
    entered, leave, left = threading.Event(), threading.Event(), threading.Semaphore(0)

    def hold_up(turn):
        entered.set()
        leave.wait(60)

    def linger(turn):
        threading.Event().wait(0.005)
        left.release()

    plane._inbox.put(hold_up)
    assert entered.wait(60)
    turns = plane.status().turns
    for _ in range(5):
        plane._inbox.put(linger)
    leave.set()
    for _ in range(5):
        assert left.acquire(timeout=60)
    plane.plan([])
    assert plane.status().turns >= turns + 5
