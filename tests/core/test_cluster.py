from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.errors import (
    DuplicateName,
    InvalidInput,
    Kube9Error,
    PluginError,
    UnknownName,
)
from kube9.core.nodes import DeviceGroup, NodePhase, NodeSpec, Taint
from kube9.core.outcome import StartPod, StopPod
from kube9.core.pods import DeviceRequest, PodPhase, PodSpec, Toleration
from kube9.core.policy import scheduler
from kube9.plugins.policies import BestFit, Random
from kube9.plugins.queues import FirstComeFirstServed, Priority

JOIN, SUSPECT, TRUST, GONE, FAIL, GIVE_UP = (
    (kind, {}) for kind in (s.NodeJoined, s.SuspectNode, s.TrustNode, s.DestroyNodeDone, s.FailNode, s.GiveUpNode)
)
NOT_RESTARTED, NOT_CREATED = ((kind, {"reason": "no answer"}) for kind in (s.RestartNodeFailed, s.CreateNodeFailed))


@scheduler("broken")
def broken(pod, nodes):
    raise ZeroDivisionError("of all things")


class TestAStaleReport:
    REPORTS = (
        (s.PodStarted, {}),
        (s.StartPodFailed, {"reason": "no image"}),
        (s.PodExited, {"exit_code": 3}),
        (s.StopPodDone, {}),
    )

    @pytest.mark.parametrize("kind,about", REPORTS, ids=str)
    @pytest.mark.parametrize("epoch", [0, 1, 3])
    def test_of_another_epoch_changes_nothing(self, drive, kind, about, epoch):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.tell(s.NodeJoined, "n")
        before = dict(driven.pods)
        assert before["p"].epoch == 2
        outcome = driven.tell(kind, "p", epoch=epoch, **about)
        assert dict(driven.pods) == before
        assert outcome.changes == outcome.instructions == ()
        assert driven.told() == ["StaleReport"]
        assert outcome.events[0].what.startswith(f"{kind.__name__}(at_ms=0, uid='p', epoch={epoch}")

    @pytest.mark.parametrize("kind,about", REPORTS, ids=str)
    @pytest.mark.parametrize("state", ["unknown", "waiting", "finished", "pausing"])
    def test_of_a_pod_that_is_nowhere_changes_nothing(self, drive, kind, about, state):
        driven = drive()
        driven.node("n")
        if state != "unknown":
            driven.pod("p", 5000 if state == "waiting" else 500)
        if state == "finished":
            driven.exited("p")
        if state == "pausing":
            driven.not_started("p")
        before = dict(driven.pods)
        epoch = 0 if state == "waiting" else 1
        assert driven.tell(kind, "p", epoch=epoch, **about).changes == ()
        assert driven.told() == ["StaleReport"]
        assert dict(driven.pods) == before

    @pytest.mark.parametrize(
        "kind,about",
        [JOIN, SUSPECT, TRUST, GONE, FAIL, GIVE_UP, NOT_CREATED, NOT_RESTARTED],
        ids=str,
    )
    def test_of_a_node_that_is_gone_changes_nothing(self, drive, kind, about):
        driven = drive()
        driven.node("n")
        driven.tell(s.DestroyNodeDone, "n")
        outcome = driven.tell(kind, "n", **about)
        assert outcome.changes == outcome.instructions == ()
        assert driven.told() == ["StaleReport"]


BAD_REQUESTS = {
    "a node's name that is taken": (s.AddNode, "m", {"spec": NodeSpec(name="n")}, DuplicateName, "node 'n'"),
    "a node's uid that is taken": (s.AddNode, "n", {"spec": NodeSpec(name="m")}, DuplicateName, "node with uid 'n'"),
    "a pod's name that is taken": (s.LaunchPod, "q", {"spec": PodSpec(name="p")}, DuplicateName, "pod 'p'"),
    "a pod's uid that is taken": (s.LaunchPod, "p", {"spec": PodSpec(name="q")}, DuplicateName, "pod with uid 'p'"),
    "a scheduler nobody offers": (
        s.LaunchPod,
        "q",
        {"spec": PodSpec(name="q", scheduler_name="usaul")},
        UnknownName,
        "there is no scheduler 'usaul'; installed: usual. Did you mean 'usual'?",
    ),
    "a node to cordon that is not there": (s.CordonNode, "m", {}, UnknownName, "node with uid 'm'"),
    "a node to delete that is not there": (s.DeleteNode, "m", {}, UnknownName, "node with uid 'm'"),
    "a pod to delete that is not there": (s.DeletePod, "q", {}, UnknownName, "pod with uid 'q'"),
}


class TestARequestThatCannotBeMet:
    @pytest.fixture
    def driven(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.pod("waiting", 5000)
        return driven

    @pytest.mark.parametrize("kind,uid,about,error,message", BAD_REQUESTS.values(), ids=BAD_REQUESTS)
    def test_raises_and_changes_nothing(self, driven, kind, uid, about, error, message):
        before = driven.state()
        with pytest.raises(error) as caught:
            driven.at(100).tell(kind, uid, **about)
        assert isinstance(caught.value, Kube9Error)
        assert message in str(caught.value)
        assert driven.state() == before
        driven.cluster.check()
        # Not even the clock has moved.
        assert driven.at(50).tell(s.TimePassed).changes == ()

    def test_one_from_the_past_is_refused(self, driven):
        driven.at(100).tell(s.TimePassed)
        with pytest.raises(InvalidInput, match="at_ms must not run backwards: 99 after 100"):
            driven.at(99).tell(s.TimePassed)
        driven.at(100).tell(s.TimePassed)

    def test_one_that_no_discipline_can_rank_leaves_no_trace(self, drive, fussy):
        driven = drive(discipline=fussy)
        driven.node("n")
        driven.pod("waiting", 5000)
        before = driven.state()
        with pytest.raises(PluginError) as caught:
            driven.at(100).pod("odd", 5000)
        assert str(caught.value) == "pod 'odd': queue discipline Fussy failed: ZeroDivisionError: of all things"
        assert driven.state() == before
        driven.cluster.check()
        fussy.refuses = None
        driven.at(50).pod("odd", 5000)
        assert driven.told() == ["PodUnschedulable odd"]

    def test_a_pod_that_need_not_wait_needs_no_rank(self, drive, fussy):
        driven = drive(discipline=fussy)
        driven.node("n")
        driven.pod("odd")
        assert driven.told() == ["PodBound odd n", "StartPod odd n"]

    def test_a_pod_of_that_name_may_be_in_another_namespace(self, driven):
        driven.tell(s.LaunchPod, "q", spec=PodSpec(name="p", namespace="else"))
        assert "q" in driven.pods

    def test_explaining_a_pod_that_is_not_there(self, driven):
        with pytest.raises(UnknownName, match="there is no pod with uid 'q'"):
            driven.cluster.explain("q")


def test_a_cluster_needs_its_default_scheduler():
    with pytest.raises(UnknownName, match="there is no scheduler 'best-fit'; none is installed"):
        Cluster(pipelines={}, default="best-fit", discipline=Priority())


class TestTime:
    def test_nothing_is_due_at_first(self, drive):
        driven = drive()
        driven.node("n")
        assert driven.cluster.due_at_ms is None
        assert driven.cluster.now_ms == 0

    def test_it_is_due_when_the_first_pause_ends(self, drive):
        driven = drive(settings={"start_backoff_ms": 300, "recovery_backoff_ms": 200})
        driven.node("n")
        driven.pod("p")
        driven.at(1000).not_started("p")
        assert driven.cluster.due_at_ms == 1300
        driven.tell(s.FailNode, "n")
        driven.tell(s.RestartNodeFailed, "n", reason="no answer")
        assert 1200 <= driven.cluster.due_at_ms <= 1250
        driven.at(1251).tell(s.TimePassed)
        assert driven.cluster.due_at_ms == 1300
        assert driven.cluster.now_ms == 1251

    def test_any_stimulus_will_do(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.not_started("p")
        driven.at(5000).pod("q", 1)
        assert set(driven.where()) == {"p", "q"}


class TestWhatCanBeSeen:
    def test_cannot_be_changed(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        with pytest.raises(TypeError):
            driven.cluster.nodes["m"] = driven.nodes["n"]
        with pytest.raises(TypeError):
            del driven.cluster.pods["p"]

    def test_stays_true_for_its_moment(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        before = driven.pods["p"]
        driven.started("p")
        assert before.phase is PodPhase.STARTING

    def test_is_explained(self, drive):
        driven = drive(BestFit())
        driven.node("a", {"cpu": 1000})
        driven.node("b", {"cpu": 800})
        driven.node("c", {"cpu": 100})
        driven.pod("p", 900)
        driven.pod("q", 900)
        explanation = driven.cluster.explain("q")
        assert explanation.scheduler == "usual"
        assert explanation.winner is explanation.node_name is None
        assert explanation.tally == "0 of 3 nodes fit: 3 insufficient cpu"
        driven.pod("small", 50)
        # As if it were to be bound now; what it holds itself is free for it.
        assert driven.cluster.explain("small").winner == "a"
        assert [verdict.score for verdict in driven.cluster.explain("small").verdicts] == [-0.1, -0.8, -0.1]
        assert [verdict.reason for verdict in driven.cluster.explain("p").verdicts] == ["", *["insufficient cpu"] * 2]

    def test_where_it_is_bound_is_told_beside_where_it_would_go_now(self, drive):
        driven = drive(BestFit())
        driven.node("a", {"cpu": 1000})
        driven.pod("p", 100)
        driven.node("b", {"cpu": 200})
        explanation = driven.cluster.explain("p")
        assert (explanation.node_name, explanation.winner) == ("a", "b")

    def test_asking_changes_nothing(self, drive):
        driven = drive(BestFit())
        driven.node("a")
        driven.pod("p", 900)
        driven.pod("q", 900)
        before = driven.state()
        for _ in range(3):
            driven.cluster.explain("p")
            driven.cluster.explain("q")
        assert driven.state() == before


SIZES = st.integers(1, 4)
ANY = st.integers(0, 99)


def step(*names):
    return [st.tuples(st.just(name), ANY, SIZES) for name in names]


#: What may happen, with numbers that are taken modulo what there is; launches and nodes come oftener than the rest.
SCRIPT = st.lists(
    st.one_of(
        *step("node", "launch", "launch", "exit", "delete", "stop", "fail", "join", "cordon", "uncordon", "suspect"),
        *step("trust", "not started", "not restarted", "destroy", "give up", "wait", "start"),
    ),
    min_size=10,
    max_size=60,
)

ON_NODES = {
    "fail": FAIL,
    "join": JOIN,
    "cordon": (s.CordonNode, {}),
    "uncordon": (s.CordonNode, {"cordoned": False}),
    "suspect": SUSPECT,
    "trust": TRUST,
    "not restarted": NOT_RESTARTED,
    "destroy": GONE,
    "give up": GIVE_UP,
}
ON_PODS = {
    "exit": (s.PodExited, {}),
    "stop": (s.StopPodDone, {}),
    "not started": (s.StartPodFailed, {"reason": "no image"}),
    "start": (s.PodStarted, {}),
}


def act(driven, name, number, size, serial):
    """One step of a script."""
    if name == "node":
        gpus = [DeviceGroup(kind="gpu", count=1)] if number % 3 == 0 else []
        taints = [Taint("k")] if number % 5 == 0 else []
        driven.node(f"n{serial}", {"cpu": 2 * size, "pods": 1 + number % 4}, devices=gpus, taints=taints)
    elif name == "launch":
        half = DeviceRequest(kind="gpu", count=1, milli=500)
        driven.pod(
            f"p{serial}",
            size,
            priority=number % 3,
            devices=(half,) if number % 7 == 0 else (),
            tolerations=(Toleration("k"),) if number % 2 else (),
        )
    elif name == "wait":
        driven.at(driven.now_ms + 700 * size).tell(s.TimePassed)
    elif name in ON_NODES and driven.nodes:
        kind, about = ON_NODES[name]
        driven.tell(kind, list(driven.nodes)[number % len(driven.nodes)], **about)
    elif name == "delete" and driven.pods:
        driven.tell(s.DeletePod, list(driven.pods)[number % len(driven.pods)])
    elif name in ON_PODS and driven.pods:
        kind, about = ON_PODS[name]
        pod = list(driven.pods.values())[number % len(driven.pods)]
        driven.tell(kind, pod.uid, epoch=pod.epoch, **about)


@given(script=SCRIPT, local=st.booleans())
def test_whoever_waits_fits_nowhere(drive, script, local):
    """The queue forgets nobody: after each step, no pod is left waiting that could be bound."""
    driven = drive(BestFit() if local else Random())
    for serial, (name, number, size) in enumerate(script):
        act(driven, name, number, size, serial)
        assert [uid for uid in driven.cluster._queue if driven.cluster.explain(uid).winner] == []


class Unlocal:
    """A filter that does not say it is local, so that whenever it could matter everybody is tried again."""

    def __init__(self, filter_) -> None:
        self.reason, self.fits = filter_.reason, filter_.fits
        if hasattr(filter_, "rejections"):
            self.rejections = filter_.rejections


@given(script=SCRIPT, blocks=st.booleans())
def test_who_wakes_by_the_changed_node_alone_goes_where_everybody_would_who_always_wakes(drive, script, blocks):
    discipline = FirstComeFirstServed() if blocks else Priority()
    usual = drive(BestFit(), discipline=discipline)
    thorough = drive(
        BestFit(), discipline=discipline, filters=[(name, Unlocal(filter_)) for name, filter_ in drive.usual_filters]
    )
    for serial, (name, number, size) in enumerate(script):
        for driven in (usual, thorough):
            act(driven, name, number, size, serial)
        assert usual.where() == thorough.where()


@given(script=SCRIPT)
def test_where_the_discipline_blocks_only_the_first_of_those_who_wait_needs_to_fit_nowhere(drive, script):
    driven = drive(discipline=FirstComeFirstServed())
    for serial, (name, number, size) in enumerate(script):
        act(driven, name, number, size, serial)
        waiting = sorted(
            driven.cluster._queue, key=lambda uid: (driven.pods[uid].created_at_ms, driven.pods[uid].ordinal)
        )
        assert [uid for uid in waiting[:1] if driven.cluster.explain(uid).winner] == []


@given(script=SCRIPT)
def test_a_pod_runs_only_on_nodes_that_are_up_and_every_instruction_is_for_the_present_copy(drive, script):
    driven = drive(BestFit())
    for serial, (name, number, size) in enumerate(script):
        driven.outcome = None
        act(driven, name, number, size, serial)
        up = {uid for uid, node in driven.nodes.items() if node.phase in (NodePhase.READY, NodePhase.SUSPECT)}
        running = {pod.node_uid for pod in driven.pods.values() if pod.node_uid and not pod.phase.finished}
        assert running <= up
        for instruction in driven.outcome.instructions if driven.outcome else ():
            if isinstance(instruction, StartPod | StopPod):
                assert instruction.pod == driven.pods[instruction.pod.uid]
                assert instruction.pod.node_uid == instruction.node.uid


@given(script=SCRIPT)
def test_one_script_has_one_outcome(drive, script):
    outcomes = []
    for _ in range(2):
        driven, told = drive(BestFit()), []
        for serial, (name, number, size) in enumerate(script):
            act(driven, name, number, size, serial)
            told.append(driven.outcome)
        outcomes.append(told)
    assert outcomes[0] == outcomes[1]


@given(script=SCRIPT)
def test_the_changes_alone_rebuild_nodes_and_pods(drive, script):
    """What is made durable is all there is to know."""
    driven, stored = drive(BestFit(), settings={"finished_kept": 3}), {}
    handle = driven.cluster.handle

    def storing(stimulus):
        outcome = handle(stimulus)
        uids = [uid_of(change) for change in outcome.changes]
        assert len(set(uids)) == len(uids)
        for change in outcome.changes:
            stored[uid_of(change)] = getattr(change, "node", None) or getattr(change, "pod", None)
        return outcome

    class Storing:
        handle = staticmethod(storing)

        def __getattr__(self, name):
            return getattr(cluster, name)

    cluster = driven.cluster
    driven.cluster = Storing()
    for serial, (name, number, size) in enumerate(script):
        act(driven, name, number, size, serial)
        kept = {uid: value for uid, value in stored.items() if value is not None}
        assert kept == {**cluster.nodes, **cluster.pods}


def uid_of(change):
    if hasattr(change, "uid"):
        return change.uid
    return getattr(change, "node", None).uid if hasattr(change, "node") else change.pod.uid
