from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.errors import Conflict, DuplicateName, UnknownName
from kube9.core.nodes import DeviceGroup, NodePhase, NodeSpec
from kube9.core.outcome import DestroyNode, NodeStored, PodStored, RestartNode, StopPod
from kube9.core.pods import PodPhase, PodReport, PodSpec


def fail(reason="dead"):
    return (s.FailNode, {"reason": reason})


def not_restarted(reason="no answer"):
    return (s.RestartNodeFailed, {"reason": reason})


JOIN, SUSPECT, TRUST, DELETE, GONE = (
    (kind, {}) for kind in (s.NodeJoined, s.SuspectNode, s.TrustNode, s.DeleteNode, s.DestroyNodeDone)
)
GIVE_UP = (s.GiveUpNode, {"reason": "enough"})
NOT_CREATED = (s.CreateNodeFailed, {"reason": "quota"})
CORDON, UNCORDON = (s.CordonNode, {}), (s.CordonNode, {"cordoned": False})

#: What happens to a node that was asked for; what the last of it tells; the phase after.
NODE_LIVES = {
    "asked for": ([], ["NodeAdded n", "CreateNode n"], "Provisioning"),
    "joins": ([JOIN], ["NodeReady n"], "Ready"),
    "is not created": ([NOT_CREATED], ["NodeLost n"], "Lost"),
    "is created after all": ([NOT_CREATED, JOIN], ["NodeReady n"], "Ready"),
    "is suspected": ([JOIN, SUSPECT], ["NodeSuspected n"], "Suspect"),
    "is trusted again": ([JOIN, SUSPECT, TRUST], ["NodeReady n"], "Ready"),
    "fails": ([JOIN, fail()], ["NodeFailed n", "NodeRecovering n", "RestartNode n"], "Recovering"),
    "fails as a suspect": (
        [JOIN, SUSPECT, fail()],
        ["NodeFailed n", "NodeRecovering n", "RestartNode n"],
        "Recovering",
    ),
    "recovers": ([JOIN, fail(), JOIN], ["NodeReady n"], "Ready"),
    "does not recover at once": ([JOIN, fail(), not_restarted()], [], "Failed"),
    "recovers by itself": ([JOIN, fail(), not_restarted(), JOIN], ["NodeReady n"], "Ready"),
    "is given up": ([JOIN, GIVE_UP], ["NodeLost n"], "Lost"),
    "comes back from the lost": ([JOIN, GIVE_UP, JOIN], ["NodeReady n"], "Ready"),
    "is cordoned": ([JOIN, CORDON], ["NodeCordoned n"], "Ready"),
    "is cordoned twice": ([JOIN, CORDON, CORDON], [], "Ready"),
    "is uncordoned": ([JOIN, CORDON, UNCORDON], ["NodeUncordoned n"], "Ready"),
    "is to be deleted": ([JOIN, DELETE], ["DestroyNode n"], "Ready"),
    "is to be deleted before it joined": ([DELETE], ["DestroyNode n"], "Provisioning"),
    "joins too late": ([DELETE, JOIN], [], "Provisioning"),
    "fails while it is to be deleted": ([JOIN, DELETE, fail()], ["NodeFailed n"], "Failed"),
    "is deleted": ([JOIN, DELETE, GONE], ["NodeDeleted n"], None),
    "is gone though nobody asked for it": ([JOIN, GONE], ["NodeDeleted n"], None),
    "fails before it joined": ([fail()], [], "Provisioning"),
    "is trusted though nobody suspected it": ([JOIN, TRUST], [], "Ready"),
    "fails twice": ([JOIN, fail(), fail()], [], "Recovering"),
    "was restarted though nobody asked for it": ([JOIN, not_restarted()], [], "Ready"),
}


@pytest.mark.parametrize("life", NODE_LIVES)
def test_the_life_of_a_node(drive, life):
    script, told, phase = NODE_LIVES[life]
    driven = drive()
    driven.ask_for("n")
    for kind, about in script:
        driven.tell(kind, "n", **about)
    assert driven.told() == told
    assert (driven.nodes["n"].phase.value if phase else None) == phase
    assert ("n" in driven.nodes) == (phase is not None)


def test_recovery_is_tried_with_growing_pauses_and_then_given_up(drive):
    driven = drive(settings={"recovery_attempts": 4, "recovery_backoff_ms": 100})
    driven.node("n")
    driven.at(1000).tell(s.FailNode, "n", reason="silent")
    for attempt, pause_ms in ((2, 100), (3, 200), (4, 400)):
        driven.tell(s.RestartNodeFailed, "n", reason="no answer")
        assert driven.told() == []
        assert driven.nodes["n"].phase is NodePhase.FAILED
        due_ms = driven.cluster.due_at_ms
        assert pause_ms <= due_ms - driven.now_ms < 1.25 * pause_ms
        assert driven.at(due_ms - 1).tell(s.TimePassed).instructions == ()
        driven.at(due_ms).tell(s.TimePassed)
        assert driven.told() == ["NodeRecovering n", "RestartNode n"]
        assert driven.outcome.instructions[0].node.recovery_attempts == attempt
    driven.tell(s.RestartNodeFailed, "n", reason="still none")
    assert driven.told() == ["NodeLost n"]
    assert driven.nodes["n"].reason == "not recovered in 4 attempts (last: still none)"
    assert driven.cluster.due_at_ms is None


@pytest.mark.parametrize("meanwhile", [JOIN, GIVE_UP, DELETE])
def test_a_planned_recovery_is_dropped_when_it_makes_no_sense_any_more(drive, meanwhile):
    driven = drive()
    driven.node("n")
    for kind, about in (fail(), not_restarted(), meanwhile):
        driven.tell(kind, "n", **about)
    assert RestartNode not in map(type, driven.at(10_000).tell(s.TimePassed).instructions)


def test_a_planned_recovery_of_a_node_that_is_gone_is_dropped(drive):
    driven = drive()
    driven.node("n")
    for kind, about in (fail(), not_restarted(), DELETE, GONE):
        driven.tell(kind, "n", **about)
    assert driven.at(10_000).tell(s.TimePassed).instructions == ()


def test_a_recovery_planned_for_another_attempt_is_dropped(drive):
    driven = drive(settings={"recovery_attempts": 5, "recovery_backoff_ms": 1000})
    driven.node("n")
    driven.tell(s.FailNode, "n")
    driven.tell(s.RestartNodeFailed, "n", reason="no answer")
    for _ in range(2):
        driven.at(driven.cluster.due_at_ms).tell(s.TimePassed)
        driven.tell(s.RestartNodeFailed, "n", reason="no answer")
    dropped_ms = driven.cluster.due_at_ms
    driven.at(dropped_ms - 3000).tell(s.NodeJoined, "n")
    driven.at(dropped_ms - 2000).tell(s.FailNode, "n")
    driven.tell(s.RestartNodeFailed, "n", reason="no answer")
    driven.at(driven.cluster.due_at_ms).tell(s.TimePassed)
    driven.tell(s.RestartNodeFailed, "n", reason="no answer")
    assert driven.cluster.due_at_ms == dropped_ms
    assert driven.at(dropped_ms).tell(s.TimePassed).instructions == ()
    assert driven.cluster.due_at_ms > dropped_ms
    assert driven.at(driven.cluster.due_at_ms).tell(s.TimePassed).instructions != ()


def test_a_recovery_planned_before_the_node_came_back_does_not_shorten_the_next_pause(drive):
    driven = drive()
    driven.node("n")
    driven.tell(s.FailNode, "n")
    driven.tell(s.RestartNodeFailed, "n", reason="no answer")
    dropped_ms = driven.cluster.due_at_ms
    driven.at(100).tell(s.NodeJoined, "n")
    driven.at(200).tell(s.FailNode, "n")
    driven.at(900).tell(s.RestartNodeFailed, "n", reason="no answer")
    assert driven.at(dropped_ms).tell(s.TimePassed).instructions == ()
    assert driven.cluster.due_at_ms >= 1900
    assert driven.at(driven.cluster.due_at_ms).tell(s.TimePassed).instructions != ()


@pytest.mark.parametrize(
    "script,takes",
    [
        ([], False),
        ([JOIN], True),
        ([JOIN, CORDON], False),
        ([CORDON, JOIN], False),
        ([JOIN, CORDON, UNCORDON], True),
        ([JOIN, SUSPECT], False),
        ([JOIN, SUSPECT, TRUST], True),
        ([JOIN, fail()], False),
        ([JOIN, fail(), JOIN], True),
        ([JOIN, CORDON, fail(), JOIN], False),
        ([JOIN, GIVE_UP], False),
        ([JOIN, DELETE], False),
    ],
    ids=str,
)
def test_only_a_node_that_takes_pods_gets_one(drive, script, takes):
    driven = drive()
    driven.ask_for("n")
    for kind, about in script:
        driven.tell(kind, "n", **about)
    driven.pod("p")
    assert ("p" in driven.where()) is takes


@pytest.mark.parametrize(
    "before,change",
    [
        ([], JOIN),
        ([NOT_CREATED], JOIN),
        ([JOIN, CORDON], UNCORDON),
        ([JOIN, SUSPECT], TRUST),
        ([JOIN, fail()], JOIN),
        ([JOIN, fail(), not_restarted()], JOIN),
        ([JOIN, GIVE_UP], JOIN),
    ],
    ids=str,
)
def test_a_node_that_takes_pods_again_gets_those_that_wait_at_once(drive, before, change):
    driven = drive()
    driven.ask_for("n")
    for kind, about in before:
        driven.tell(kind, "n", **about)
    driven.pod("p")
    assert driven.where() == {}
    kind, about = change
    driven.tell(kind, "n", **about)
    assert driven.told()[1:] == ["PodBound p n", "StartPod p n"]


class TestANodeThatFails:
    @pytest.fixture
    def driven(self, drive):
        driven = drive()
        driven.node("n")
        for name, priority in (("low", -1), ("usual", 0), ("high", 1), ("late", 0)):
            driven.pod(name, 250, priority=priority)
        return driven

    def test_gives_its_pods_to_others_in_order_of_priority(self, driven):
        driven.node("m", {"cpu": 750})
        driven.tell(s.FailNode, "n", reason="silent")
        assert driven.told() == [
            "NodeFailed n",
            "NodeRecovering n",
            "PodEvicted high n",
            "PodEvicted usual n",
            "PodEvicted late n",
            "PodEvicted low n",
            "PodBound high m",
            "PodBound usual m",
            "PodBound late m",
            "PodUnschedulable low",
            "RestartNode n",
            "StartPod high m",
            "StartPod usual m",
            "StartPod late m",
        ]
        assert driven.where() == {"high": "m", "usual": "m", "late": "m"}
        assert driven.pods["high"].epoch == 2

    def test_says_so_in_the_reason(self, driven):
        events = driven.tell(s.FailNode, "n", reason="silent").events
        assert {event.pod.reason for event in events if type(event).__name__ == "PodEvicted"} == {
            "node n failed: silent"
        }

    def test_stores_each_once(self, driven):
        outcome = driven.tell(s.FailNode, "n")
        assert outcome.changes == (
            NodeStored(driven.nodes["n"]),
            *(PodStored(driven.pods[name]) for name in ("high", "usual", "late", "low")),
        )

    def test_gets_them_back_when_nobody_else_had_room(self, driven):
        driven.tell(s.FailNode, "n")
        assert driven.where() == {}
        driven.tell(s.NodeJoined, "n")
        assert list(driven.told()) == [
            "NodeReady n",
            "PodBound high n",
            "PodBound usual n",
            "PodBound late n",
            "PodBound low n",
            "StartPod high n",
            "StartPod usual n",
            "StartPod late n",
            "StartPod low n",
        ]
        assert {pod.epoch for pod in driven.pods.values()} == {2}

    @pytest.mark.parametrize("end", [GIVE_UP, GONE], ids=str)
    def test_or_is_gone_loses_its_pods_too(self, driven, end):
        kind, about = end
        driven.node("m")
        driven.tell(kind, "n", **about)
        assert set(driven.where().values()) == {"m"}

    def test_and_comes_back_unnoticed_is_empty(self, driven):
        """A node that joins although it never failed has been restarted."""
        driven.started("low")
        driven.tell(s.NodeJoined, "n")
        assert {pod.epoch for pod in driven.pods.values()} == {2}
        assert driven.pods["low"].phase is PodPhase.STARTING

    def test_or_is_only_suspected_keeps_its_pods(self, driven):
        driven.node("m")
        driven.tell(s.SuspectNode, "n")
        assert set(driven.where().values()) == {"n"}

    def test_leaves_finished_pods_as_they_are(self, driven):
        driven.exited("usual")
        driven.tell(s.FailNode, "n")
        assert driven.pods["usual"].phase is PodPhase.SUCCEEDED


def test_pods_of_a_deleted_node_move_only_once_it_is_gone(drive):
    driven = drive()
    driven.node("n")
    driven.pod("p")
    driven.node("m")
    driven.tell(s.DeleteNode, "n")
    assert driven.told() == ["DestroyNode n"]
    assert driven.where() == {"p": "n"}
    driven.tell(s.DestroyNodeDone, "n")
    assert driven.told() == ["PodEvicted p n", "NodeDeleted n", "PodBound p m", "StartPod p m"]
    assert driven.where() == {"p": "m"}


def test_a_node_may_be_asked_to_be_deleted_again_should_nothing_have_come_of_it(drive):
    driven = drive()
    driven.node("n")
    driven.pod("p")
    driven.tell(s.DeleteNode, "n")
    outcome = driven.tell(s.DeleteNode, "n")
    assert outcome.instructions == (DestroyNode(driven.nodes["n"]),)
    assert outcome.events == ()
    assert driven.nodes["n"].deleting
    assert driven.where() == {"p": "n"}
    driven.tell(s.DestroyNodeDone, "n")
    assert dict(driven.nodes) == {}


def test_a_name_is_free_once_its_node_is_gone(drive):
    driven = drive()
    driven.node("n")
    with pytest.raises(DuplicateName):
        driven.tell(s.AddNode, "other", spec=NodeSpec(name="n"))
    driven.tell(s.DestroyNodeDone, "n")
    driven.tell(s.AddNode, "other", spec=NodeSpec(name="n"))
    assert list(driven.nodes) == ["other"]


class TestForgetting:
    @pytest.mark.parametrize(
        "before",
        [[], [NOT_CREATED], [JOIN, GIVE_UP], [JOIN, fail()], [JOIN, fail(), not_restarted()], [JOIN, GIVE_UP, DELETE]],
        ids=str,
    )
    def test_strikes_out_a_node_that_is_down(self, drive, before):
        driven = drive()
        driven.ask_for("n")
        for kind, about in before:
            driven.tell(kind, "n", **about)
        driven.tell(s.ForgetNode, "n")
        assert driven.told() == ["NodeDeleted n"]
        assert dict(driven.nodes) == {}
        # What its backend still says of it.
        for kind, about in (JOIN, GONE, not_restarted()):
            driven.tell(kind, "n", **about)
            assert driven.told() == ["StaleReport"]
        assert driven.at(10**6).tell(s.TimePassed).instructions == ()
        driven.node("n")
        assert list(driven.nodes) == ["n"]

    @pytest.mark.parametrize("before", [[JOIN], [JOIN, SUSPECT], [JOIN, CORDON], [JOIN, DELETE]], ids=str)
    def test_is_refused_as_long_as_it_may_run_something(self, drive, before):
        driven = drive()
        driven.ask_for("n")
        for kind, about in before:
            driven.tell(kind, "n", **about)
        driven.pod("p")
        state = driven.state()
        with pytest.raises(Conflict, match="node 'n' is (Ready|Suspect) and may run pods; only a node that is down"):
            driven.at(5).tell(s.ForgetNode, "n")
        assert driven.state() == state

    def test_of_a_node_that_is_not_there(self, drive):
        with pytest.raises(UnknownName, match="there is no node with uid 'n'"):
            drive().tell(s.ForgetNode, "n")


class TestAbsence:
    """The backend has nothing of the node, or only something that is down."""

    @pytest.mark.parametrize(
        "before", [[JOIN], [JOIN, SUSPECT], [JOIN, fail()], [JOIN, fail(), not_restarted()]], ids=str
    )
    def test_has_the_node_made_anew_and_its_pods_moved(self, drive, before):
        driven = drive()
        driven.ask_for("n")
        driven.tell(s.NodeJoined, "n")
        driven.pod("p")
        for kind, about in before[1:]:
            driven.tell(kind, "n", **about)
        driven.node("m")
        driven.tell(s.NodeAbsent, "n")
        assert driven.told()[:1] == ["NodeRecovering n"]
        assert "CreateNode n" in driven.told()
        assert driven.where() == {"p": "m"}
        assert driven.nodes["n"].phase is NodePhase.PROVISIONING
        driven.tell(s.NodeJoined, "n")
        assert driven.nodes["n"].schedulable

    @pytest.mark.parametrize("before", [[], [NOT_CREATED], [JOIN, GIVE_UP], [JOIN, DELETE]], ids=str)
    def test_is_no_news_of_a_node_that_is_being_made_or_has_been_given_up_or_goes(self, drive, before):
        driven = drive()
        driven.ask_for("n")
        for kind, about in before:
            driven.tell(kind, "n", **about)
        state = driven.state()
        driven.tell(s.NodeAbsent, "n")
        assert (driven.told(), driven.state()) == ([], state)

    def test_forgets_pods_that_were_being_deleted_and_moves_those_that_were_moving(self, drive):
        driven = drive()
        driven.node("n")
        for name in ("deleting", "evicting"):
            driven.pod(name, 100)
        driven.tell(s.DeletePod, "deleting")
        driven.tell(s.DrainNode, "n")
        driven.tell(s.NodeAbsent, "n")
        assert list(driven.pods) == ["evicting"]
        assert driven.cluster.waiting == 1
        assert driven.nodes["n"].cordoned

    def test_ends_a_recovery_that_was_planned(self, drive):
        driven = drive()
        driven.node("n")
        for kind, about in (fail(), not_restarted(), (s.NodeAbsent, {})):
            driven.tell(kind, "n", **about)
        assert driven.at(10**6).tell(s.TimePassed).instructions == ()


def copy(uid, epoch, phase=PodPhase.RUNNING):
    return PodReport(pod_uid=uid, epoch=epoch, phase=phase)


class TestAReport:
    @pytest.mark.parametrize("before", [[fail()], [fail(), not_restarted()], [GIVE_UP]], ids=str)
    def test_of_a_node_that_is_down_makes_it_ready(self, drive, before):
        driven = drive()
        driven.node("n")
        for kind, about in before:
            driven.tell(kind, "n", **about)
        driven.pod("p")
        driven.tell(s.NodeReported, "n")
        assert driven.told() == ["NodeReady n", "PodBound p n", "StartPod p n"]

    @pytest.mark.parametrize("before,phase", [([], "Ready"), ([SUSPECT], "Suspect")], ids=str)
    def test_of_any_other_leaves_it_as_it_is(self, drive, before, phase):
        driven = drive()
        driven.node("n")
        for kind, about in before:
            driven.tell(kind, "n", **about)
        driven.tell(s.NodeReported, "n")
        assert (driven.told(), driven.nodes["n"].phase.value) == ([], phase)

    def test_of_a_node_that_is_being_destroyed_is_no_news(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p")
        driven.tell(s.DeleteNode, "n")
        driven.tell(s.NodeReported, "n", pods=(copy("remnant", 1),))
        assert driven.told() == []
        assert driven.where() == {"p": "n"}

    def test_leads_to_a_stop_of_every_copy_that_should_not_be_there(self, drive):
        driven = drive()
        driven.node("n")
        driven.node("m", {"cpu": 100})
        driven.pod("here")
        driven.pod("elsewhere", 90)
        driven.tell(s.FailNode, "n")
        driven.tell(s.NodeJoined, "n")
        assert driven.pods["here"].epoch == 2
        outcome = driven.tell(
            s.NodeReported,
            "n",
            pods=(copy("here", 1), copy("here", 2), copy("nobody", 7), copy("ended", 1, PodPhase.FAILED)),
        )
        stops = [each for each in outcome.instructions if isinstance(each, StopPod)]
        assert [(each.pod.uid, each.pod.epoch, each.grace_ms, each.node.uid) for each in stops] == [
            ("here", 1, 0, "n"),
            ("nobody", 7, 0, "n"),
        ]
        # And their answers are no news.
        for uid, epoch in (("here", 1), ("nobody", 7)):
            assert driven.tell(s.StopPodDone, uid, epoch=epoch).changes == ()
        assert driven.pods["here"].node_uid == "n"

    def test_frees_what_is_gone_for_those_who_wait(self, drive):
        driven = drive()
        driven.node("n")
        driven.pod("p", 1000)
        driven.pod("waiting", 1000)
        driven.tell(s.NodeReported, "n", pods=(copy("p", 1, PodPhase.SUCCEEDED),))
        assert driven.told() == ["PodFinished p", "PodBound waiting n", "StartPod waiting n"]


def test_a_heartbeat_ends_a_suspicion_and_is_nothing_else(drive):
    driven = drive()
    driven.node("n")
    assert driven.tell(s.Heartbeat, "n").changes == ()
    driven.tell(s.SuspectNode, "n")
    driven.tell(s.Heartbeat, "n")
    assert driven.told() == ["NodeReady n"]
    driven.tell(s.FailNode, "n")
    assert driven.tell(s.Heartbeat, "n").changes == ()
    driven.tell(s.Heartbeat, "nobody")
    assert driven.told() == ["StaleReport"]


def test_a_new_ticket_changes_the_digest_and_nothing_else(drive):
    driven = drive()
    driven.tell(s.AddNode, "n", spec=NodeSpec(name="n"), token_digest="old")
    before = driven.nodes["n"]
    assert before.token_digest == "old"
    outcome = driven.tell(s.RenewTicket, "n", token_digest="new")
    assert outcome.changes == (NodeStored(evolve(before, token_digest="new")),)
    assert (outcome.instructions, outcome.events) == ((), ())
    assert "new" not in repr(driven.nodes["n"])
    with pytest.raises(UnknownName):
        driven.tell(s.RenewTicket, "m", token_digest="new")


class TestANodeThatFailsAgainAndAgain:
    def flap(self, driven, times, pause_ms=10):
        """Let a node fail and come back so often; returns when it came back."""
        for _ in range(times):
            driven.at(driven.now_ms + pause_ms).tell(s.FailNode, "n")
            driven.tell(s.NodeJoined, "n")
        return driven.now_ms

    @pytest.fixture
    def driven(self, drive):
        driven = drive(
            settings={
                "flaps_max": 2,
                "node_settled_after_ms": 1000,
                "tried_last_ms": 100,
                "tried_last_ms_max": 350,
            }
        )
        driven.node("n")
        driven.node("m")
        return driven

    def test_is_tried_last_after_more_failures_than_may_be(self, driven):
        for failures in range(1, 5):
            self.flap(driven, 1)
            assert driven.nodes["n"].streak == failures
            assert driven.nodes["n"].tried_last is (failures > 2)
        driven.pod("p")
        assert driven.where() == {"p": "m"}

    def test_is_tried_where_no_other_takes_the_pod(self, driven):
        self.flap(driven, 3)
        for name in ("p", "q", "r"):
            driven.pod(name)
        assert driven.where() == {"p": "m", "q": "m", "r": "n"}
        driven.pod("large", 800)
        assert driven.cluster.waiting == 1

    def test_is_planned_with_as_what_it_is(self, driven):
        self.flap(driven, 3)
        (planned,) = driven.cluster.plan([PodSpec(name="p", requests={"cpu": 1})])
        assert planned.node_name == "m"

    def test_is_tried_last_for_longer_each_time_up_to_the_longest(self, driven):
        lengths_ms = []
        self.flap(driven, 2)
        for _ in range(4):
            back_ms = self.flap(driven, 1)
            end_ms = driven.cluster.due_at_ms
            driven.at(end_ms - 1).tell(s.TimePassed)
            assert driven.nodes["n"].tried_last
            driven.at(end_ms).tell(s.TimePassed)
            assert not driven.nodes["n"].tried_last
            assert driven.cluster.due_at_ms is None
            lengths_ms.append(end_ms - back_ms)
        assert lengths_ms == [100, 200, 350, 350]

    def test_that_fails_while_it_is_tried_last_has_the_whole_of_the_next_time(self, driven):
        self.flap(driven, 3)
        back_ms = self.flap(driven, 1, pause_ms=90)
        driven.at(back_ms + 199).tell(s.TimePassed)
        assert driven.nodes["n"].tried_last
        driven.at(back_ms + 200).tell(s.TimePassed)
        assert not driven.nodes["n"].tried_last

    def test_takes_pods_like_any_other_when_that_is_over(self, driven):
        self.flap(driven, 3)
        driven.at(driven.cluster.due_at_ms).tell(s.TimePassed)
        driven.pod("p")
        assert driven.where() == {"p": "n"}

    def test_begins_anew_after_a_long_good_time(self, driven):
        self.flap(driven, 3)
        self.flap(driven, 1, pause_ms=1000)
        assert (driven.nodes["n"].streak, driven.nodes["n"].tried_last) == (1, False)
        assert driven.nodes["n"].failures == 4

    def test_keeps_the_pods_it_has(self, driven):
        driven.pod("p")
        for _ in range(3):
            driven.at(driven.now_ms + 10).tell(s.FailNode, "n", lease_left_ms=500)
            driven.tell(s.NodeReported, "n", pods=(copy("p", 1, PodPhase.STARTING),))
        assert driven.nodes["n"].tried_last
        assert driven.where() == {"p": "n"}

    def test_is_forgotten_with_all_that(self, driven):
        self.flap(driven, 3)
        driven.tell(s.DestroyNodeDone, "n")
        driven.node("n")
        assert not driven.nodes["n"].tried_last
        driven.at(10_000).tell(s.TimePassed)
        assert driven.cluster.table.last_resorts == 0

    def test_is_tried_last_again_after_a_restart_for_the_whole_time(self, driven):
        self.flap(driven, 3)
        driven.at(driven.now_ms + 60)
        driven.restart()
        driven.found()
        assert driven.nodes["n"].tried_last
        driven.pod("p")
        assert driven.where() == {"p": "m"}
        assert driven.at(driven.now_ms + 99).tell(s.TimePassed).changes == ()
        driven.at(driven.now_ms + 1).tell(s.TimePassed)
        assert not driven.nodes["n"].tried_last

    def test_that_is_down_at_a_restart_is_tried_last_when_it_is_back(self, driven):
        self.flap(driven, 2)
        driven.tell(s.FailNode, "n")
        driven.restart()
        driven.found()
        assert (driven.nodes["n"].phase, driven.nodes["n"].tried_last) == (NodePhase.READY, True)


class TestBoots:
    @pytest.fixture
    def driven(self, drive):
        driven = drive()
        driven.ask_for("n")
        driven.tell(s.NodeJoined, "n", incarnation="boot-1")
        driven.pod("p")
        return driven

    def test_join_once(self, driven):
        driven.tell(s.NodeJoined, "n", incarnation="boot-1")
        assert (driven.told(), driven.outcome.changes) == (["StaleReport"], ())
        assert driven.pods["p"].epoch == 1

    def test_that_are_others_are_empty(self, driven):
        driven.tell(s.NodeJoined, "n", incarnation="boot-2")
        assert driven.told()[:2] == ["PodEvicted p n", "NodeReady n"]
        assert (driven.pods["p"].epoch, driven.nodes["n"].incarnation) == (2, "boot-2")

    def test_that_cannot_be_told_apart_are_others(self, driven):
        driven.tell(s.NodeJoined, "n")
        assert (driven.pods["p"].epoch, driven.nodes["n"].incarnation) == (2, "boot-1")

    @pytest.mark.parametrize("before", [[fail()], [fail(), not_restarted()], [GIVE_UP], [SUSPECT]], ids=str)
    def test_that_joined_are_old_news_whatever_became_of_the_node(self, driven, before):
        for kind, about in before:
            driven.tell(kind, "n", **about)
        state = driven.state()
        driven.tell(s.NodeJoined, "n", incarnation="boot-1")
        assert (driven.told(), driven.state()) == (["StaleReport"], state)

    @pytest.mark.parametrize("before", [[fail()], [fail(), not_restarted()], [GIVE_UP], [SUSPECT]], ids=str)
    def test_that_did_not_bring_it_back(self, driven, before):
        for kind, about in before:
            driven.tell(kind, "n", **about)
        driven.tell(s.NodeJoined, "n", incarnation="boot-2")
        assert driven.nodes["n"].phase is NodePhase.READY

    def test_are_known_after_a_report_too(self, driven):
        driven.tell(s.FailNode, "n", lease_left_ms=1000)
        driven.tell(s.NodeReported, "n", pods=(copy("p", 1),))
        driven.tell(s.NodeJoined, "n", incarnation="boot-1")
        assert driven.told() == ["StaleReport"]
        assert driven.where() == {"p": "n"}

    def test_are_known_after_a_restart(self, driven):
        driven.restart()
        driven.tell(s.NodeJoined, "n", incarnation="boot-1")
        assert driven.told() == ["StaleReport"]

    def test_of_a_node_that_is_made_anew_are_all_news(self, driven):
        """It was thought to be gone and was not; better late than never."""
        driven.tell(s.NodeAbsent, "n")
        driven.tell(s.NodeJoined, "n", incarnation="boot-1")
        assert driven.nodes["n"].phase is NodePhase.READY

    @pytest.mark.parametrize("incarnation,gone", [("boot-1", True), ("", True), ("boot-0", False)])
    def test_that_are_gone_are_so_if_they_were_there(self, driven, incarnation, gone):
        driven.tell(s.NodeAbsent, "n", incarnation=incarnation)
        assert (driven.nodes["n"].phase is NodePhase.PROVISIONING) is gone
        assert (driven.where() == {}) is gone

    def test_of_a_node_that_goes_are_nothing(self, driven):
        driven.tell(s.DeleteNode, "n")
        for incarnation in ("boot-1", "boot-2"):
            assert driven.tell(s.NodeJoined, "n", incarnation=incarnation).changes == ()


class TestANodeThatIsSeenToDie:
    @pytest.fixture
    def driven(self, drive):
        driven = drive()
        driven.ask_for("n")
        driven.tell(s.NodeJoined, "n", incarnation="boot-1")
        return driven

    def test_is_recovered_and_its_pods_move_at_once(self, driven):
        driven.pod("p")
        driven.tell(s.NodeDied, "n", incarnation="boot-1", reason="its container died")
        told = driven.told()
        assert told[:2] == ["NodeFailed n", "NodeRecovering n"]
        node, pod = driven.cluster.nodes["n"], driven.cluster.pods["p"]
        assert (node.phase, node.lease_left_ms, node.failures) == (NodePhase.RECOVERING, 0, 1)
        assert (pod.phase, pod.node_uid) == (PodPhase.PENDING, None)

    def test_is_old_news_where_it_started_anew_since(self, driven):
        driven.tell(s.NodeJoined, "n", incarnation="boot-2")
        driven.tell(s.NodeDied, "n", incarnation="boot-1")
        assert driven.cluster.nodes["n"].phase is NodePhase.READY

    def test_need_not_be_waited_for_any_more_where_it_was_down_already(self, driven):
        driven.pod("p")
        driven.tell(s.FailNode, "n", lease_left_ms=10_000)
        assert driven.cluster.pods["p"].node_uid == "n"
        driven.tell(s.NodeDied, "n", incarnation="boot-1")
        assert driven.cluster.pods["p"].node_uid is None
        assert "NodeFenced n" in driven.told()

    def test_is_nothing_to_wait_for_after_a_restart(self, driven):
        nodes = list(driven.cluster.nodes.values())
        driven.cluster = Cluster(**driven.parts)
        driven.cluster.restore(nodes, (), (), at_ms=0)
        awaited = driven.cluster.table.awaited
        assert len(awaited) == 1
        driven.tell(s.NodeDied, "n", incarnation="boot-1")
        assert not len(awaited)

    def test_is_left_alone_while_it_is_deleted(self, driven):
        driven.tell(s.DeleteNode, "n")
        driven.tell(s.NodeDied, "n", incarnation="boot-1")
        assert driven.cluster.nodes["n"].phase is NodePhase.FAILED
        assert "RestartNode n" not in driven.told()


class TestANodeOfWhichMoreIsFoundOut:
    def test_has_what_was_found_beside_what_was_asked_for(self, drive):
        driven = drive()
        driven.ask_for("n", {"cpu": 500}, labels={"zone": "a"})
        found = {"capacity": {"cpu": 4_000, "memory": 8}, "labels": {"zone": "b", "runtime": "process"}}
        driven.tell(s.NodeDescribed, "n", **found)
        spec = driven.cluster.nodes["n"].spec
        assert dict(spec.capacity) == {"cpu": 500, "memory": 8}
        assert dict(spec.labels) == {"zone": "a", "runtime": "process"}

    def test_takes_pods_by_what_was_found_in_the_place_it_had(self, drive):
        driven = drive()
        driven.tell(s.AddNode, "first", spec=NodeSpec(name="first"))
        driven.node("second", {"cpu": 100})
        driven.tell(s.NodeDescribed, "first", capacity={"cpu": 300}, labels={"disk": "fast"})
        driven.tell(s.NodeJoined, "first")
        driven.pod("big", cpu=300, node_selector={"disk": "fast"})
        driven.pod("small", cpu=100)
        assert [driven.cluster.pods[name].node_uid for name in ("big", "small")] == ["first", "second"]
        assert driven.cluster.table.largest["cpu"] == 300

    def test_is_stored(self, drive):
        driven = drive()
        driven.ask_for("n", {"cpu": 500})
        changes = driven.tell(s.NodeDescribed, "n", capacity={"memory": 8}).changes
        assert changes == (NodeStored(driven.cluster.nodes["n"]),)
        assert driven.tell(s.NodeDescribed, "n", capacity={"memory": 8}).changes == ()

    def test_is_not_changed_once_it_has_joined(self, drive):
        driven = drive()
        driven.node("n", {"cpu": 500})
        driven.tell(s.NodeDescribed, "n", capacity={"memory": 8})
        assert dict(driven.cluster.nodes["n"].spec.capacity) == {"cpu": 500}

    def test_keeps_its_devices(self):
        spec = NodeSpec(name="n", devices=(DeviceGroup(kind="gpu", count=2),))
        filled = spec.filled_up({"cpu": 1, "gpu": 7}, {})
        assert (dict(filled.capacity), filled.devices) == ({"cpu": 1, "gpu": 2_000}, spec.devices)
