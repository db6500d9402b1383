from __future__ import annotations

import itertools

import pytest
from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.roll import Roll, Standing

UNPROVED, JOINED, PRESENT, LATE = Standing.UNPROVED, Standing.JOINED, Standing.PRESENT, Standing.LATE


def make_tokens():
    """Texts that were never there before."""
    numbers = itertools.count(1)
    return lambda: f"t{next(numbers)}"


class Gate:
    """A roll and one node that it is about, which knows of whatever joins."""

    def __init__(self):
        self.make_token = make_tokens()
        self.roll = Roll(self.make_token)
        self.node = Node(uid="n", spec=NodeSpec(name="n"), ordinal=1, phase=NodePhase.READY)

    def beat(self, boot, token, sequence):
        standing = self.roll.receive(self.node, boot, token, sequence)
        if standing is JOINED:
            self.node = evolve(self.node, incarnation=boot)
        return standing

    def token(self, boot):
        return self.roll.token(self.node, boot)

    def join(self, boot, sequence=2):
        """A start is asked for a proof, and gives it."""
        assert self.beat(boot, "", sequence - 1) is UNPROVED
        assert self.beat(boot, self.token(boot), sequence) is JOINED

    def restart(self):
        self.roll = Roll(self.make_token)


@pytest.fixture
def gate():
    return Gate()


def test_a_start_that_is_not_known_must_prove_that_it_is_there(gate):
    assert gate.token("a") == ""
    assert gate.beat("a", "", 1) is UNPROVED
    token = gate.token("a")
    assert token
    assert gate.roll.latest("n") == ("", 0)
    assert gate.beat("a", token, 2) is JOINED
    assert gate.roll.latest("n") == ("a", 2)
    assert gate.beat("a", token, 3) is PRESENT
    assert gate.roll.latest("n") == ("a", 3)


@pytest.mark.parametrize("wrong", ["", "t0", "t2", "T1"])
def test_a_wrong_token_proves_nothing_and_the_right_one_stays(gate, wrong):
    gate.beat("a", "", 1)
    assert gate.token("a") == "t1"
    assert gate.beat("a", wrong, 2) is UNPROVED
    assert gate.token("a") == "t1"
    assert gate.beat("a", "t1", 3) is JOINED


def test_a_token_is_good_for_the_start_and_the_node_that_got_it(gate):
    gate.beat("a", "", 1)
    token = gate.token("a")
    assert gate.beat("b", token, 1) is UNPROVED
    other = evolve(gate.node, uid="m")
    assert gate.roll.receive(other, "a", token, 2) is UNPROVED
    assert gate.beat("a", token, 2) is JOINED


def test_a_beat_that_comes_twice_joins_once(gate):
    gate.join("a", sequence=2)
    token = gate.token("a")
    assert gate.beat("a", token, 2) is LATE
    assert gate.beat("a", "", 1) is UNPROVED  # from before it was asked
    assert gate.token("a") == token
    assert gate.beat("a", token, 3) is PRESENT


def test_beats_that_come_late_or_twice_are_known_by_their_number(gate):
    gate.join("a", sequence=2)
    token = gate.token("a")
    standings = [gate.beat("a", token, sequence) for sequence in (5, 3, 5, 4, 2, 6)]
    assert standings == [PRESENT, LATE, LATE, LATE, LATE, PRESENT]
    assert gate.roll.latest("n") == ("a", 6)


def test_another_start_takes_over_once_it_has_proved_itself(gate):
    gate.join("a", sequence=8)
    assert gate.beat("b", "", 1) is UNPROVED
    assert gate.beat("a", gate.token("a"), 9) is PRESENT
    assert gate.beat("b", gate.token("b"), 2) is JOINED
    assert gate.roll.latest("n") == ("b", 2)
    assert gate.token("a") == ""


def test_an_older_start_does_not_come_back_by_what_it_said_before(gate):
    gate.join("a")
    old = gate.token("a")
    gate.join("b")
    for token in ("", old):
        assert gate.beat("a", token, 100) is UNPROVED
    assert gate.token("a") not in ("", old)
    assert gate.roll.latest("n") == ("b", 2)
    assert gate.beat("b", gate.token("b"), 3) is PRESENT


def test_what_was_asked_before_another_joined_is_asked_anew(gate):
    gate.beat("a", "", 1)
    asked = gate.token("a")
    gate.join("b")
    assert gate.beat("a", asked, 2) is UNPROVED
    assert gate.node.incarnation == "b"


def test_after_a_restart_everybody_proves_itself_and_nobody_joins_again(gate):
    gate.join("a")
    old = gate.token("a")
    gate.restart()
    assert gate.beat("a", old, 3) is UNPROVED
    assert gate.roll.latest("n") == ("", 0)
    new = gate.token("a")
    assert new not in ("", old)
    assert gate.beat("a", old, 4) is UNPROVED
    assert gate.beat("a", new, 5) is PRESENT
    assert gate.beat("a", new, 5) is LATE


def test_a_node_that_is_made_anew_may_join_with_the_start_it_has(gate):
    gate.join("a")
    gate.node = evolve(gate.node, incarnation="")
    assert gate.beat("a", gate.token("a"), 3) is JOINED


def test_a_node_that_is_gone_is_forgotten(gate):
    gate.join("a")
    token = gate.token("a")
    gate.roll.forget("n")
    gate.roll.forget("n")
    assert (gate.token("a"), gate.roll.latest("n")) == ("", ("", 0))
    assert gate.beat("a", token, 3) is UNPROVED


def test_only_so_many_starts_are_remembered_that_were_asked(gate):
    gate.join("known")
    for number in range(1_000):
        gate.beat(f"old-{number}", "", 1)
    remembered = [number for number in range(1_000) if gate.token(f"old-{number}")]
    assert remembered == [997, 998, 999]


def test_late_beats_of_old_starts_do_not_crowd_out_the_one_that_is_there(gate):
    gate.join("known")
    for number in range(10):
        gate.beat(f"old-{number}", "", 1)
    assert gate.beat("known", gate.token("known"), 3) is PRESENT


def test_a_start_whose_token_was_forgotten_is_asked_again(gate):
    gate.beat("a", "", 1)
    first = gate.token("a")
    for number in range(4):
        gate.beat(f"old-{number}", "", 1)
    assert gate.beat("a", first, 2) is UNPROVED
    assert gate.beat("a", gate.token("a"), 3) is JOINED


class Delays(RuleBasedStateMachine):
    """Starts come one after the other; what each sends and is answered may be lost, late, doubled and reordered."""

    def __init__(self):
        super().__init__()
        self.gate = Gate()
        self.boots = itertools.count(1)
        self.boot, self.token, self.sequence = "", "", 0
        #: What is on its way to the server, and to a start of the node.
        self.beats, self.answers = [], []
        self.joined = []
        self.present = {}
        self.start()

    @rule()
    def start(self):
        """Whatever ran before does not run any more."""
        self.boot, self.token, self.sequence = f"boot-{next(self.boots)}", "", 0

    @rule(times=st.integers(1, 4))
    def send(self, times):
        for _ in range(times):
            self.sequence += 1
            self.beats.append((self.boot, self.token, self.sequence))

    @precondition(lambda self: self.beats)
    @rule(data=st.data(), stays=st.booleans())
    def deliver(self, data, stays):
        beat = data.draw(st.sampled_from(self.beats))
        if not stays:
            self.beats.remove(beat)
        boot, _, sequence = beat
        known, standing = self.gate.node.incarnation, self.gate.beat(*beat)
        if standing is LATE:
            return
        self.answers.append((boot, self.gate.token(boot)))
        if standing is JOINED:
            self.joined.append(boot)
        elif standing is PRESENT:
            assert boot == known
        if standing is not UNPROVED:
            assert sequence > self.present.get(boot, 0)
            self.present[boot] = sequence

    @precondition(lambda self: self.answers)
    @rule(data=st.data(), stays=st.booleans())
    def answer(self, data, stays):
        answer = data.draw(st.sampled_from(self.answers))
        if not stays:
            self.answers.remove(answer)
        boot, token = answer
        if boot == self.boot:
            self.token = token

    @rule()
    def restart(self):
        self.gate.restart()

    @invariant()
    def each_start_joins_once_and_none_after_a_later_one(self):
        numbers = [int(boot.removeprefix("boot-")) for boot in self.joined]
        assert numbers == sorted(set(numbers))

    @invariant()
    def the_last_to_join_is_known(self):
        assert self.gate.node.incarnation == (self.joined[-1] if self.joined else "")

    def teardown(self):
        """Without delays whoever is there is known within a few beats."""
        for _ in range(3):
            self.sequence += 1
            standing = self.gate.beat(self.boot, self.token, self.sequence)
            self.token = self.gate.token(self.boot)
        assert standing is PRESENT


TestDelays = Delays.TestCase
