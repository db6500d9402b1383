from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.errors import FilterError, SchedulerError
from kube9.core.livetable import LiveTable
from kube9.core.nodes import DeviceGroup, Node, NodePhase, NodeSpec, Taint
from kube9.core.pipeline import Pipeline, Verdict
from kube9.core.pods import DeviceRequest, Pod, PodSpec
from kube9.plugins.devices import LeastLeft
from kube9.plugins.filters import Devices, NodeReady, NodeSelector, Resources, Taints
from kube9.testing import fits
from kube9.testing import table_of as nodes_of
from kube9.testing.strategies import decisions

USUAL = (NodeReady(), NodeSelector(), Taints(), Resources(), Devices())
POD = PodSpec(name="web", requests={"cpu": 10})
GPUS = DeviceGroup(kind="gpu", count=4, model="A100")


@frozen
class Scores:
    """Answers with what it was given, a value or a function of pod and nodes."""

    answer: object
    local: bool = False

    def score(self, pod, nodes):
        return self.answer(pod, nodes) if callable(self.answer) else self.answer


@frozen
class Mask:
    """A filter that answers with what it was given."""

    answer: object
    reason: str = "not today"
    local: bool = False
    monotone: bool = False

    def fits(self, pod, nodes):
        return self.answer(pod, nodes) if callable(self.answer) else self.answer


@frozen
class Explained:
    """A filter that has reasons for some of what it refuses."""

    mask: object
    why: object
    reason: str = "in general"

    def fits(self, pod, nodes):
        return None if self.mask is None else np.array(self.mask)

    def rejections(self, pod, nodes):
        return [(reason, np.array(refused)) for reason, refused in self.why]


@frozen
class Choice:
    answer: object

    def choose(self, request, free_milli):
        return self.answer


def zeros(pod, nodes):
    return np.zeros(len(nodes))


def pipeline(answer=zeros, *filters, chooser=None, local=False):
    named = tuple((f"filter-{number}", each) for number, each in enumerate(filters))
    return Pipeline(
        name="mine",
        scheduler=Scores(answer, local),
        filters=named,
        chooser=chooser or LeastLeft(),
        owner="some-package 1.2",
    )


def table_of(*specs):
    table = LiveTable()
    for number, spec in enumerate(specs):
        table.add(Node(uid=spec.name, spec=spec, ordinal=number, phase=NodePhase.READY))
    return table


@pytest.fixture
def three():
    return table_of(*(NodeSpec(name=f"n{number}", capacity={"cpu": 100}) for number in range(3)))


def raises(pod, nodes):
    raise ZeroDivisionError("of all things")


class TestTheDecision:
    @pytest.mark.parametrize(
        "scores,row",
        [
            ([1.0, 3.0, 2.0], 1),
            ([2, 2, 1], 0),
            ([1, 2, 2], 1),
            ([-5, -1, -9], 1),
            ([0.0, 0.0, 0.0], 0),
            ((0, 0, 1), 2),
            (np.array([1, 2, 3], dtype=np.uint8), 2),
            (np.array([3, 2, 1], dtype=np.float32), 0),
        ],
    )
    def test_goes_to_the_highest_score_and_of_equals_to_the_first(self, three, scores, row):
        assert pipeline(scores).decide(POD, three) == row

    def test_considers_only_nodes_that_fit(self, three):
        first = Mask(np.array([True, True, False]))
        second = Mask(np.array([True, False, True]))
        assert pipeline([1, 2, 3], first, second).decide(POD, three) == 0
        assert pipeline([1, 2, 3], first).decide(POD, three) == 1
        assert pipeline([1, 2, 3], second).decide(POD, three) == 2

    def test_is_none_where_nothing_fits(self, three):
        assert pipeline([1, 2, 3], Mask(np.zeros(3, dtype=bool))).decide(POD, three) == -1

    def test_is_none_where_there_is_no_node(self):
        assert pipeline(raises).decide(POD, LiveTable()) == -1

    def test_takes_none_of_a_filter_for_no_objection(self, three):
        assert pipeline([1, 2, 3], Mask(None), Mask(np.array([True, False, False]))).decide(POD, three) == 0

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_does_not_mind_what_the_scores_of_others_are(self, three, bad):
        fitting = Mask(np.array([True, False, True]))
        assert pipeline([1.0, bad, 2.0], fitting).decide(POD, three) == 2

    def test_does_not_ask_the_scheduler_where_nothing_fits(self, three):
        assert pipeline(raises, Mask(np.zeros(3, dtype=bool))).decide(POD, three) == -1

    def test_leaves_the_table_alone(self, three):
        hands_out_columns = Mask(lambda pod, nodes: nodes.schedulable)
        pipeline(zeros, hands_out_columns, Mask(np.array([False, True, True]))).decide(POD, three)
        assert three.schedulable.tolist() == [True, True, True]

    def test_may_read_what_no_node_has(self, three):
        assert pipeline(lambda pod, nodes: nodes.free["hope"] + nodes.free["cpu"]).decide(POD, three) == 0
        assert pipeline(zeros, Mask(lambda pod, nodes: nodes.free["hope"] >= 1)).decide(POD, three) == -1

    def test_takes_a_column_of_the_table_for_scores(self, three):
        assert pipeline(lambda pod, nodes: nodes.free["cpu"]).decide(POD, three) == 0


BAD_SCORES = {
    "NaN": ([0, np.nan, 0], "gave node 'n1' the score nan"),
    "infinite": ([0, 0, np.inf], "gave node 'n2' the score inf"),
    "minus infinite": ([-np.inf] * 3, "gave node 'n0' the score -inf"),
    "too few": ([1, 2], r"shape \(2,\)"),
    "too many": ([1, 2, 3, 4], r"shape \(4,\)"),
    "one for all": (1.0, r"shape \(\)"),
    "a table": (np.zeros((3, 1)), r"shape \(3, 1\)"),
    "texts": (["a", "b", "c"], "<U1"),
    "truth values": ([True, False, True], "bool"),
    "objects": ([None, None, None], "object"),
    "complex": ([1j, 2j, 3j], "complex128"),
    "none": (None, "returned None; is a `return` missing"),
    "ragged": ([[1], [1, 2], [3]], "ValueError"),
    "raises": (raises, "ZeroDivisionError: of all things"),
    "asks for what is not there": (lambda pod, nodes: nodes.hope, "AttributeError"),
    "writes to the table": (lambda pod, nodes: nodes.free["cpu"].sort(), "ValueError"),
}


@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize("answer,problem", BAD_SCORES.values(), ids=BAD_SCORES)
def test_scores_that_cannot_be_used_are_an_error_that_names_whose_they_are(three, answer, problem, local):
    subject = pipeline(answer, local=local)
    for _ in range(3):
        with pytest.raises(SchedulerError, match=problem) as caught:
            subject.decide(POD, three)
        assert "scheduler 'mine' of some-package 1.2" in str(caught.value)
        assert "'web'" in str(caught.value)


def test_what_a_scheduler_raised_is_the_cause(three):
    with pytest.raises(SchedulerError) as caught:
        pipeline(raises).decide(POD, three)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


BAD_MASKS = {
    "whole numbers": (np.array([1, 1, 0]), "int64"),
    "too few": (np.array([True, False]), r"shape \(2,\)"),
    "a table": (np.ones((3, 1), dtype=bool), r"shape \(3, 1\)"),
    "a list": ([True, False, True], r"returned \[True, False, True\], expected one truth value per node"),
    "one for all": (True, "returned True, expected one truth value per node"),
    "raises": (raises, "ZeroDivisionError: of all things"),
}


@pytest.mark.parametrize("asked", ["decide", "would_bind", "tally", "explain"])
@pytest.mark.parametrize("answer,problem", BAD_MASKS.values(), ids=BAD_MASKS)
def test_a_mask_that_cannot_be_used_is_an_error_that_names_the_filter(three, answer, problem, asked):
    good = Mask(np.ones(3, dtype=bool))
    with pytest.raises(FilterError, match=problem) as caught:
        getattr(pipeline(zeros, good, Mask(answer)), asked)(POD, three)
    assert "filter 'filter-1'" in str(caught.value)
    assert "'web'" in str(caught.value)


class TestNodesThatAreTriedLast:
    @pytest.fixture
    def shaky(self, three):
        """The second of the three is tried last."""
        three.update(evolve(three.owner(1), tried_last=True))
        return three

    @pytest.mark.parametrize(
        "scores,fitting,row",
        [
            ([1, 3, 2], [True, True, True], 2),
            ([2, 3, 2], [True, True, True], 0),
            ([1, 3, 2], [True, True, False], 0),
            ([-9, 3, 2], [True, True, False], 0),
            ([1, 3, 2], [False, True, False], 1),
            ([1, 3, 2], [False, False, False], -1),
            ([3, 1, 2], [True, True, True], 0),
        ],
    )
    def test_take_a_pod_only_where_no_other_does(self, shaky, scores, fitting, row):
        assert pipeline(scores, Mask(np.array(fitting))).decide(POD, shaky) == row

    def test_are_chosen_among_by_their_scores(self, shaky):
        for row in (0, 2):
            shaky.update(evolve(shaky.owner(row), tried_last=True))
        assert pipeline([1, 3, 2]).decide(POD, shaky) == 1

    def test_are_as_good_as_any_when_they_have_settled(self, shaky):
        shaky.update(evolve(shaky.owner(1), tried_last=False))
        assert pipeline([1, 3, 2]).decide(POD, shaky) == 1

    def test_hide_no_score_that_cannot_be_used(self, shaky):
        with pytest.raises(SchedulerError, match="the score nan"):
            pipeline([1, np.nan, 2]).decide(POD, shaky)

    def test_are_not_the_winners_that_are_explained(self, shaky):
        explanation = pipeline([1, 3, 2]).explain(POD, shaky)
        assert explanation.winner == "n2"
        assert [verdict.tried_last for verdict in explanation.verdicts] == [False, True, False]

    @pytest.mark.parametrize("local", [False, True])
    def test_change_nothing_else(self, local):
        """Of those that fit and are not tried last the best is chosen, or of those that are if there are no others."""

        @given(decisions(), st.lists(st.booleans(), min_size=5, max_size=5))
        def holds(decision, last):
            nodes = [evolve(node, tried_last=each) for node, each in zip(decision.nodes, last, strict=False)]
            table = nodes_of(nodes, decision.placed)
            subject = pipeline(lambda pod, nodes: -nodes.free["cpu"], *USUAL, local=local)
            fit = [row for row in range(len(table)) if fits(decision.pod, table, row)]
            best = [row for row in fit if not nodes[row].tried_last] or fit
            for _ in range(3):  # the second time scores are kept, the third time they are used
                assert subject.decide(decision.pod, table) == min(best, key=lambda row: (table.free["cpu"][row], row))

        holds()


class TestKeptScores:
    @pytest.mark.parametrize(
        "scheduler,filters,kept",
        [
            (True, (), True),
            (True, (True, True), True),
            (False, (True,), False),
            (True, (True, False), False),
        ],
    )
    def test_need_all_to_be_local(self, scheduler, filters, kept):
        each = [Mask(None, local=local) for local in filters]
        assert (pipeline(zeros, *each, local=scheduler).kept is not None) is kept

    def test_make_no_difference_to_the_decision(self, three):
        fullest = lambda pod, nodes: -nodes.free["cpu"]  # noqa: E731
        subject = pipeline(fullest, *USUAL, local=True)
        rows = []
        for number in range(24):
            row = subject.decide(POD, three)
            rows.append(row)
            assert row == pipeline(fullest, *USUAL).decide(POD, three)
            place(three, row, PodSpec(name=f"p{number}", requests={"cpu": 10}))
        assert rows == [0] * 10 + [1] * 10 + [2] * 4

    def test_are_asked_anew_after_an_error(self, three):
        moods = iter([True, True, False, False])

        def moody(pod, nodes):
            if next(moods):
                raise ZeroDivisionError
            return np.arange(len(nodes))

        subject = pipeline(moody, local=True)
        for _ in range(2):
            with pytest.raises(SchedulerError):
                subject.decide(POD, three)
        assert [subject.decide(POD, three) for _ in range(3)] == [2, 2, 2]


def place(table, row, spec, devices=None):
    node = table.owner(row)
    table.place(Pod(uid=spec.name, spec=spec, ordinal=0, created_at_ms=0, node_uid=node.uid, devices=devices or {}))


class TestFilters:
    """Together they are monotone only if each is; then one node at a time may be asked about."""

    @pytest.mark.parametrize(
        "each,together", [((), True), ((True,), True), ((True, True), True), ((True, False), False), ((False,), False)]
    )
    @pytest.mark.parametrize("scheduler", [False, True])
    def test_are_monotone_whatever_the_scheduler(self, each, together, scheduler):
        subject = pipeline(zeros, *(Mask(None, monotone=monotone) for monotone in each), local=scheduler)
        assert subject.monotone is together

    def test_that_do_not_say_are_not_monotone(self):
        class Silent:
            reason = "silent"

            def fits(self, pod, nodes):
                return None

        assert pipeline(zeros, Silent()).monotone is False

    def test_are_asked_about_one_node_alone(self, three):
        asked = []

        def noting(pod, nodes):
            asked.append(list(nodes.names))
            return nodes.free["cpu"] >= 50

        place(three, 1, PodSpec(name="there", requests={"cpu": 60}))
        subject = pipeline(raises, Mask(None), Mask(noting))
        assert [subject.fits_on(POD, three, row) for row in range(3)] == [True, False, True]
        assert asked == [["n0"], ["n1"], ["n2"]]

    def test_must_all_agree_to_one_node(self, three):
        assert pipeline(zeros).fits_on(POD, three, 0) is True
        assert pipeline(zeros, Mask(None)).fits_on(POD, three, 0) is True
        one, none = Mask(np.array([True])), Mask(np.array([False]))
        assert pipeline(zeros, one, none).fits_on(POD, three, 0) is False

    def test_that_fail_on_one_node_are_named(self, three):
        with pytest.raises(FilterError, match="pod 'web': filter 'filter-0' failed: ZeroDivisionError"):
            pipeline(zeros, Mask(raises)).fits_on(POD, three, 1)


class TestALookAhead:
    @pytest.mark.parametrize(
        "scores,fitting,bound",
        [([1, 2, 3], [True, True, False], True), ([1, 2, 3], [False] * 3, False), ([-1, -2, -3], [True] * 3, True)],
    )
    def test_tells_whether_a_pod_would_be_bound(self, three, scores, fitting, bound):
        assert pipeline(scores, Mask(np.array(fitting))).would_bind(POD, three) is bound

    def test_where_there_is_no_node(self):
        assert pipeline(raises).would_bind(POD, LiveTable()) is False

    @pytest.mark.parametrize("answer,problem", BAD_SCORES.values(), ids=BAD_SCORES)
    def test_fails_where_the_decision_would(self, three, answer, problem):
        with pytest.raises(SchedulerError, match=problem):
            pipeline(answer).would_bind(POD, three)

    def test_fails_where_the_choice_of_devices_would(self):
        table = table_of(NodeSpec(name="a", devices=[GPUS]))
        spec = PodSpec(name="p", devices=(DeviceRequest(kind="gpu", count=1),))
        assert pipeline(zeros, *USUAL).would_bind(spec, table)
        with pytest.raises(SchedulerError, match="device chooser Choice"):
            pipeline(zeros, *USUAL, chooser=Choice((4,))).would_bind(spec, table)

    def test_leaves_no_trace(self, three):
        asked = []

        def noting(pod, nodes):
            asked.append(len(nodes))
            return np.zeros(len(nodes))

        subject = pipeline(noting, local=True)
        subject.would_bind(POD, three)
        subject.decide(POD, three)
        subject.would_bind(POD, three)
        subject.decide(POD, three)
        subject.decide(POD, three)
        # Asked for each look, for the first two decisions, and not for the third, of which the scores were kept.
        assert asked == [3] * 4


class TestTheTally:
    @pytest.fixture
    def table(self):
        table = table_of(
            NodeSpec(name="small", capacity={"cpu": 5}),
            NodeSpec(name="tiny", capacity={"cpu": 1}),
            NodeSpec(name="tainted", capacity={"cpu": 100}, taints=[Taint("gpu", "only")]),
            NodeSpec(name="crowded", capacity={"cpu": 100, "pods": 0}),
            NodeSpec(name="cordoned", capacity={"cpu": 1}),
        )
        table.update(evolve(table.owner(4), cordoned=True))
        return table

    @pytest.mark.parametrize(
        "pod,text",
        [
            (
                {},
                "0 of 5 nodes fit: 2 insufficient cpu, 1 cordoned, 1 taint gpu=only, 1 too many pods",
            ),
            ({"requests": {"cpu": 1}}, "2 of 5 nodes fit: 1 cordoned, 1 taint gpu=only, 1 too many pods"),
            (
                {"requests": {"memory": 1}},
                "0 of 5 nodes fit: 3 insufficient memory, 1 cordoned, 1 taint gpu=only",
            ),
            ({"requests": {"licence": 1}}, "0 of 5 nodes fit: 3 insufficient licence, 1 cordoned, 1 taint gpu=only"),
            (
                {"node_selector": {"zone": "a"}},
                "0 of 5 nodes fit: 4 not labelled zone=a, 1 cordoned",
            ),
            (
                {"devices": (DeviceRequest(kind="gpu", count=1),)},
                "0 of 5 nodes fit: 2 insufficient cpu, 1 cordoned, 1 taint gpu=only, 1 too many pods",
            ),
            (
                {"requests": {}, "devices": (DeviceRequest(kind="gpu", count=2, milli=500),)},
                "0 of 5 nodes fit: 2 no 2 x 500 milli of gpu left, 1 cordoned, 1 taint gpu=only, 1 too many pods",
            ),
        ],
        ids=str,
    )
    def test_counts_each_node_once_for_the_first_reason(self, table, pod, text):
        spec = PodSpec(**{"name": "p", "requests": {"cpu": 10}, **pod})
        assert pipeline(zeros, *USUAL).tally(spec, table) == text

    def test_names_the_phase_of_nodes_that_are_not_ready(self):
        table = LiveTable()
        for number, phase in enumerate(NodePhase):
            table.add(Node(uid=f"n{number}", spec=NodeSpec(name=f"n{number}"), ordinal=number, phase=phase))
        table.add(Node(uid="x", spec=NodeSpec(name="x"), ordinal=9, phase=NodePhase.READY, deleting=True))
        assert pipeline(zeros, *USUAL).tally(PodSpec(name="p"), table) == (
            "1 of 7 nodes fit: 1 being deleted or looked for, 1 failed, 1 lost, 1 provisioning, 1 recovering, 1 suspect"
        )

    def test_uses_the_one_reason_of_a_filter_that_has_no_more(self, three):
        subject = pipeline(zeros, Mask(None), Mask(np.array([True, False, False]), reason="moon phase"))
        assert subject.tally(POD, three) == "1 of 3 nodes fit: 2 moon phase"

    def test_has_a_filters_own_reason_for_what_it_refuses_without_saying_why(self, three):
        subject = pipeline(zeros, Explained([True, False, False], [("too far", [False, True, False])]))
        assert subject.tally(POD, three) == "1 of 3 nodes fit: 1 in general, 1 too far"
        assert [verdict.reason for verdict in subject.explain(POD, three).verdicts] == ["", "too far", "in general"]

    def test_goes_by_the_filter_where_its_reasons_name_no_node(self, three):
        silent = Explained([False, False, False], [])
        assert pipeline(zeros, silent).tally(POD, three) == "0 of 3 nodes fit: 3 in general"
        assert pipeline(zeros, Explained(None, [])).tally(POD, three) == "3 of 3 nodes fit"

    @pytest.mark.parametrize("asked", ["tally", "explain"])
    def test_that_a_filter_fails_to_give_is_an_error_that_names_it(self, three, asked):
        class Speechless(Mask):
            def rejections(self, pod, nodes):
                yield "at first", np.array([True, False, False])
                raise ZeroDivisionError("of all things")

        subject = pipeline(zeros, Mask(None), Speechless(np.zeros(3, dtype=bool)))
        with pytest.raises(FilterError) as caught:
            getattr(subject, asked)(POD, three)
        assert str(caught.value) == "pod 'web': filter 'filter-1' failed: ZeroDivisionError: of all things"
        assert isinstance(caught.value.__cause__, ZeroDivisionError)

    def test_needs_a_reason_of_every_filter_that_refuses(self, three):
        class Wordless:
            def fits(self, pod, nodes):
                return np.zeros(len(nodes), dtype=bool)

        with pytest.raises(FilterError, match="pod 'web': filter 'filter-0' failed: AttributeError"):
            pipeline(zeros, Wordless()).tally(POD, three)

    def test_of_no_nodes(self):
        assert pipeline(zeros, *USUAL).tally(POD, LiveTable()) == "0 of 0 nodes fit"

    def test_of_models(self):
        table = table_of(NodeSpec(name="a", devices=[GPUS]), NodeSpec(name="b"))
        wanted = DeviceRequest(kind="gpu", count=1, models=("H100", "H200"))
        assert pipeline(zeros, *USUAL).tally(PodSpec(name="p", devices=(wanted,)), table) == (
            "0 of 2 nodes fit: 2 no gpu of model H100 or H200"
        )


class TestTheExplanation:
    def test_has_a_verdict_for_each_node_and_the_winner(self):
        table = table_of(
            NodeSpec(name="small", capacity={"cpu": 5}),
            NodeSpec(name="good", capacity={"cpu": 50}),
            NodeSpec(name="tainted", capacity={"cpu": 100}, taints=[Taint("k")]),
            NodeSpec(name="better", capacity={"cpu": 70}),
        )
        explanation = pipeline(lambda pod, nodes: nodes.free["cpu"], *USUAL).explain(POD, table)
        assert explanation.scheduler == "mine"
        assert explanation.verdicts == (
            Verdict("small", "insufficient cpu", None),
            Verdict("good", "", 50.0),
            Verdict("tainted", "taint k", None),
            Verdict("better", "", 70.0),
        )
        assert explanation.winner == "better"
        assert explanation.tally == "2 of 4 nodes fit: 1 insufficient cpu, 1 taint k"

    def test_of_a_pod_that_fits_nowhere_has_no_winner(self, three):
        explanation = pipeline(zeros, *USUAL).explain(PodSpec(name="p", requests={"cpu": 101}), three)
        assert explanation.winner is None
        assert {verdict.reason for verdict in explanation.verdicts} == {"insufficient cpu"}

    def test_of_no_nodes_is_empty(self):
        explanation = pipeline(zeros, *USUAL).explain(POD, LiveTable())
        assert (explanation.verdicts, explanation.winner) == ((), None)

    @pytest.mark.parametrize("local", [False, True])
    def test_names_the_winner_of_the_decision(self, three, local):
        subject = pipeline(lambda pod, nodes: nodes.free["cpu"], *USUAL, local=local)
        for number in range(6):
            row = subject.decide(POD, three)
            assert subject.explain(POD, three).winner == three.names[row]
            place(three, row, PodSpec(name=f"p{number}", requests={"cpu": 10}))


class TestDevices:
    @pytest.fixture
    def table(self):
        table = table_of(
            NodeSpec(name="a", devices=[GPUS]), NodeSpec(name="b", devices=[DeviceGroup(kind="gpu", count=8)])
        )
        held = DeviceRequest(kind="gpu", count=1, milli=600)
        place(table, 0, PodSpec(name="held", devices=(held,)), {"gpu": (2,)})
        return table

    def choose(self, chooser, table, **request):
        spec = PodSpec(name="p", devices=(DeviceRequest(**{"kind": "gpu", "count": 1, **request}),))
        return pipeline(zeros, *USUAL, chooser=chooser).choose_devices(spec, table, 0)

    @pytest.mark.parametrize(
        "request_,indices",
        [
            ({"milli": 400}, (2,)),
            ({"milli": 401}, (0,)),
            ({"count": 2, "milli": 300}, (2, 0)),
            ({"count": 3, "milli": 500}, (0, 1, 3)),
            ({"count": 4, "milli": 1}, (2, 0, 1, 3)),
        ],
    )
    def test_are_chosen_of_the_one_node(self, table, request_, indices):
        assert self.choose(LeastLeft(), table, **request_) == {"gpu": indices}

    def test_of_several_kinds_are_chosen_each(self):
        nics = DeviceGroup(kind="nic", count=2)
        table = table_of(NodeSpec(name="a", devices=[GPUS, nics]))
        spec = PodSpec(name="p", devices=(DeviceRequest(kind="nic", count=2), DeviceRequest(kind="gpu", count=1)))
        assert pipeline(zeros, *USUAL).choose_devices(spec, table, 0) == {"gpu": (0,), "nic": (0, 1)}

    @pytest.mark.parametrize(
        "answer",
        [(), (0,), (0, 1, 3), (0, 0), (0, 2), (2, 2), (0, 4), (-1, 3), (-1, 0), (0, 0, 1), (0, 1, 2)],
        ids=[
            "none",
            "too few",
            "too many",
            "one twice",
            "one that is too full",
            "the full one twice",
            "one of another node",
            "one twice from both ends",
            "one from the end",
            "enough and one of them again",
            "enough and one that is too full",
        ],
    )
    def test_that_were_chosen_badly_are_an_error(self, table, answer):
        with pytest.raises(SchedulerError, match="device chooser Choice chose") as caught:
            self.choose(Choice(answer), table, count=2, milli=500)
        assert "expected 2 different indices of devices with at least 500 milli left" in str(caught.value)
        assert "of [1000, 1000, 400, 1000]" in str(caught.value)

    @pytest.mark.parametrize(
        "answer",
        [
            (None, 0),
            ("a", "b"),
            np.array([[0], [1]]),
            5,
            None,
            (0.9, 1.2),
            "01",
        ],
        ids=str,
    )
    def test_that_are_no_indices_are_an_error(self, table, answer):
        with pytest.raises(SchedulerError, match="pod 'p': device chooser Choice"):
            self.choose(Choice(answer), table, count=2, milli=500)

    def test_that_could_not_be_chosen_are_an_error(self, table):
        class Broken:
            def choose(self, request, free_milli):
                raise ZeroDivisionError("of all things")

        with pytest.raises(SchedulerError) as caught:
            self.choose(Broken(), table)
        assert str(caught.value) == "pod 'p': device chooser Broken failed: ZeroDivisionError: of all things"
        assert isinstance(caught.value.__cause__, ZeroDivisionError)

    def test_are_shown_to_the_chooser_but_not_given_into_its_hands(self, table):
        class Grasping:
            def choose(self, request, free_milli):
                free_milli[0] = 9999

        with pytest.raises(SchedulerError, match="read-only"):
            self.choose(Grasping(), table)
        assert table.devices["gpu"][0, :4].tolist() == [1000, 1000, 400, 1000]

    @pytest.mark.parametrize("answer", [[0, 1], np.array([0, 1]), iter((0, 1)), (np.int64(0), np.uint8(1))], ids=str)
    def test_may_be_told_in_any_way_that_makes_indices(self, table, answer):
        chosen = self.choose(Choice(answer), table, count=2)
        assert chosen == {"gpu": (0, 1)}
        assert {type(index) for index in chosen["gpu"]} == {int}

    def test_are_chosen_by_the_scheduler_where_it_does_that(self, table):
        asked = []

        class Picky(Scores):
            def choose_devices(self, pod, request, node):
                asked.append((pod.name, request.milli, list(node.names), node.devices["gpu"].tolist()))
                return None if request.milli == 7 else (3,)

        def chosen(milli):
            request = DeviceRequest(kind="gpu", count=1, milli=milli)
            subject = evolve(pipeline(zeros, *USUAL), scheduler=Picky(zeros))
            return subject.choose_devices(PodSpec(name="p", devices=(request,)), table, 0)

        assert chosen(300) == {"gpu": (3,)}
        assert asked == [("p", 300, ["a"], [[1000, 1000, 400, 1000, 0, 0, 0, 0]])]
        assert chosen(7) == {"gpu": (2,)}, "None leaves it to the chooser"

    @pytest.mark.parametrize(
        "answer,problem",
        [
            (lambda: (2,), r"chose \(2,\) of \[1000, 1000, 400, 1000\]"),
            (lambda: 1 // 0, "failed: ZeroDivisionError"),
            (lambda: ("a",), "failed: TypeError"),
        ],
        ids=["too full", "raises", "no index"],
    )
    def test_that_the_scheduler_chose_badly_are_its_fault(self, table, answer, problem):
        class Careless(Scores):
            def choose_devices(self, pod, request, node):
                return answer()

        request = DeviceRequest(kind="gpu", count=1, milli=500)
        subject = evolve(pipeline(zeros, *USUAL), scheduler=Careless(zeros))
        with pytest.raises(SchedulerError, match=f"^pod 'p': scheduler 'mine' of some-package 1.2 {problem}"):
            subject.choose_devices(PodSpec(name="p", devices=(request,)), table, 0)

    def test_never_add_up_over_two(self):
        table = table_of(NodeSpec(name="a", devices=[DeviceGroup(kind="gpu", count=2)]))
        halves = PodSpec(name="halves", devices=(DeviceRequest(kind="gpu", count=2, milli=500),))
        place(table, 0, halves, {"gpu": (0, 1)})
        subject = pipeline(zeros, *USUAL)
        assert table.free["gpu"].tolist() == [1000]
        assert subject.decide(PodSpec(name="p", devices=(DeviceRequest(kind="gpu", count=1, milli=501),)), table) == -1
        assert subject.decide(PodSpec(name="p", devices=(DeviceRequest(kind="gpu", count=2, milli=500),)), table) == 0


def test_a_filter_is_named_with_the_package_it_is_of(three):
    subject = Pipeline(
        name="zeros",
        scheduler=zeros,
        filters=(("mine", Mask(raises)),),
        chooser=LeastLeft(),
        owner="kube9",
        filter_owners={"mine": "some-filters 1.2"},
    )
    with pytest.raises(FilterError, match="pod 'web': filter 'mine' of some-filters 1.2 failed: ZeroDivisionError"):
        subject.decide(POD, three)
