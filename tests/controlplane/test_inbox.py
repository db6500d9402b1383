from __future__ import annotations

import threading

import pytest

from kube9.controlplane.inbox import Inbox, Request
from kube9.core.errors import NotRunning, Overloaded, StoreUnavailable, UnknownName


def asking(inbox, request):
    """Ask from another thread; its outcome comes to be in the list that is returned."""
    outcome = []

    def ask():
        try:
            outcome.append(inbox.ask(request).wait())
        except Exception as exc:
            outcome.append(exc)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, outcome


def test_everything_comes_out_in_order_up_to_a_weight():
    inbox = Inbox(10)
    for item in "abcde":
        inbox.put(item)
    assert len(inbox) == 5
    assert inbox.take(2) == ["a", "b"]
    assert inbox.take(100) == ["c", "d", "e"]
    assert inbox.take(100, timeout_s=0.001) == []


@pytest.mark.parametrize("answer", [7, UnknownName("there is none")], ids=str)
def test_a_request_gets_its_answer_or_its_refusal(answer):
    inbox = Inbox(10)
    thread, outcome = asking(inbox, Request(lambda turn: None))
    (request,) = inbox.take(1)
    if isinstance(answer, Exception):
        request.refuse(answer)
    else:
        request.answer(answer)
    thread.join(60)
    assert outcome == [answer]


@pytest.mark.parametrize("early", [True, False])
def test_whoever_does_not_wait_is_told_once(early):
    request, heard = Request(lambda turn: None), []
    if early:
        request.then(heard.append)
        assert heard == []
        request.answer(7)
    else:
        request.answer(7)
        request.then(heard.append)
    assert heard == [request]
    assert request.result() == 7


def test_whoever_does_not_wait_is_told_of_a_refusal():
    request, heard = Request(lambda turn: None), []
    request.then(heard.append)
    request.refuse(UnknownName("there is none"))
    with pytest.raises(UnknownName, match="there is none"):
        heard[0].result()


def test_an_answer_and_a_wish_to_hear_it_that_meet():
    for _ in range(500):
        request, heard = Request(lambda turn: None), []
        thread = threading.Thread(target=request.answer, args=(7,))
        thread.start()
        request.then(heard.append)
        thread.join(60)
        assert heard == [request]


def test_requests_are_counted_by_their_weight_until_they_are_taken():
    inbox = Inbox(10)
    first, _ = asking(inbox, Request(lambda turn: None, weight=25))
    request = inbox.take(100, timeout_s=60)[0]
    second, _ = asking(inbox, Request(lambda turn: None, weight=8))
    other = None
    try:
        while not len(inbox):
            pass
        with pytest.raises(Overloaded, match="8 requests wait already, and 10 is the most"):
            inbox.ask(Request(lambda turn: None, weight=3))
        inbox.put("a report is never refused")
        other, _ = inbox.take(100)
    finally:
        for each in (request, other):
            each.answer(None)
        first.join(60)
        second.join(60)


def test_a_heavy_one_is_taken_alone():
    inbox = Inbox(100)
    first, _ = asking(inbox, Request(lambda turn: None, weight=50))
    (request,) = inbox.take(50, timeout_s=60)
    request.answer(None)
    first.join(60)


def test_refused_for_a_while_and_for_good():
    inbox = Inbox(10)
    inbox.refuse(lambda: StoreUnavailable("away"))
    with pytest.raises(StoreUnavailable):
        inbox.ask(Request(lambda turn: None))
    reading, outcome = asking(inbox, Request(lambda turn: None, reads=True))
    inbox.take(1)[0].answer("read")
    reading.join(60)
    assert outcome == ["read"]
    inbox.accept()
    writing, outcome = asking(inbox, Request(lambda turn: None))
    inbox.take(1)[0].answer("written")
    writing.join(60)
    assert outcome == ["written"]
    inbox.refuse(lambda: NotRunning("over"), for_good=True)
    inbox.accept()
    inbox.refuse(lambda: StoreUnavailable("away"))
    for reads in (False, True):
        with pytest.raises(NotRunning, match="over"):
            inbox.ask(Request(lambda turn: None, reads=reads))


def test_looking_without_waiting_comes_back_however_the_machine_stalls():
    """CPython 3.10 waits for ever here, once in some hundred thousand times, unless the inbox looks first."""
    inbox = Inbox(10)
    for _ in range(300_000):
        inbox.put("a")
        assert inbox.take(1) == ["a"]
        assert inbox.take(1, 0) == []
