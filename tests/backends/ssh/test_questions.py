from __future__ import annotations

import threading
from contextlib import closing

import pytest

from kube9.backends.lanes import Lanes
from kube9.backends.ssh.failures import MachineAway, MachineRefused
from kube9.backends.ssh.questions import Questions
from kube9.core.errors import BackendError, NodeGone

PATIENCE_S = 30.0


@pytest.fixture
def questions():
    with closing(Questions(Lanes(4, "ask"), patience_s=0.05)) as questions:
        yield questions


@pytest.mark.parametrize("answer", [True, False, None])
def test_an_answer_is_told(questions, answer):
    assert questions.ask("n", lambda: answer) is answer


@pytest.mark.parametrize("kind", [MachineAway, MachineRefused])
def test_no_answer_is_said_to_be_none(questions, kind):
    def ask():
        raise kind("it does not answer")

    with pytest.raises(BackendError, match="it does not answer"):
        questions.ask("n", ask)
    assert questions.ask("n", lambda: True) is True


def test_what_is_known_for_sure_is_told_as_it_is(questions):
    def ask():
        raise NodeGone("there is none")

    with pytest.raises(NodeGone):
        questions.ask("n", ask)


@pytest.mark.parametrize("kind", [ValueError, TimeoutError])
def test_what_nobody_foresaw_is_told_once_and_asked_anew(questions, kind):
    def ask():
        raise kind("nobody foresaw it")

    with pytest.raises(kind, match="nobody foresaw it"):
        questions.ask("n", ask)
    assert questions.ask("n", lambda: True) is True


def test_a_slow_machine_holds_up_nobody_and_its_answer_is_there_later(questions):
    go_on, asked = threading.Event(), []

    def slow():
        asked.append("slow")
        assert go_on.wait(PATIENCE_S)
        return True

    for _ in range(3):
        with pytest.raises(BackendError, match="asked again"):
            questions.ask("slow", slow)
        assert questions.ask("quick", lambda: False) is False
    go_on.set()
    answer = None
    while answer is None:
        try:
            answer = questions.ask("slow", slow)
        except BackendError:
            continue
    assert (answer, asked) == (True, ["slow"])


class NeverAsking:
    """Lanes that close whoever puts something there."""

    def put(self, uid, job):
        self.closing = threading.Thread(target=self.questions.close)
        self.closing.start()

    def close(self):
        pass


def test_whoever_waits_is_told_when_all_is_let_go_of():
    lanes = NeverAsking()
    lanes.questions = Questions(lanes, PATIENCE_S)
    with pytest.raises(BackendError, match="not asked any more"):
        lanes.questions.ask("n", lambda: True)
    lanes.closing.join()
