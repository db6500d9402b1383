"""Messages arrive once they can, in order, and nobody waits for that."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from kube9_notify import EVENTS, Message, Notifier, Settings
from kube9_notify.courier import Courier

SECRET = b"a secret of more than sixteen bytes"
PATIENCE_S = 60

#: A try that was taken, but not in time, would come again.
PATIENT = {"timeout_ms": 60_000, "grace_ms": 30_000}


def join_couriers():
    """Wait for the threads of couriers that were closed and given up."""
    for thread in threading.enumerate():
        if thread.name == "kube9-notify":
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), "a courier that was closed goes on"


@pytest.fixture
def courier_to():
    """A courier that is patient for a test's while, and not for longer."""
    made = []

    def courier_to(receiver, **given):
        quick = {"backoff_ms": 10, "backoff_ms_max": 20, "attempts": 1000, **PATIENT}
        made.append(Courier(Settings(url=receiver.url, secret=SECRET, **{**quick, **given})))
        return made[-1]

    yield courier_to
    for courier in made:
        courier.close()
    join_couriers()


def message(number):
    return Message(event="node-lost", at_ms=number, about={"node": {"name": f"n{number}"}})


def numbers(documents):
    return [document["atMs"] for document in documents]


def test_messages_arrive_in_order_signed_and_named(receiver, courier_to):
    courier, sent = courier_to(receiver), [message(number) for number in range(5)]
    for each in sent:
        courier.put(each)
    documents = receiver.wait_for(5)
    assert documents == [
        {"id": each.id, "event": "node-lost", "atMs": each.at_ms, "dropped": 0, "node": {"name": f"n{each.at_ms}"}}
        for each in sent
    ]
    for (headers, _, genuine, _), each in zip(receiver.tries, sent, strict=True):
        assert genuine
        assert (headers["Kube9-Event"], headers["Kube9-Delivery"]) == ("node-lost", each.id)
        assert headers["Content-Type"] == "application/json"


def test_text_of_any_kind_arrives(receiver, courier_to):
    """Half a surrogate is what comes of a byte that is no UTF-8, as in the words of a program that failed."""
    courier = courier_to(receiver)
    for text in ("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "\udcff"):
        courier.put(Message(event="moves-held", at_ms=0, about={"reason": text}))
    assert [document["reason"] for document in receiver.wait_for(2)] == [
        "caf\N{LATIN SMALL LETTER E WITH ACUTE}",
        "\udcff",
    ]


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_an_answer_that_may_be_another_later_is_tried_again_with_the_same_id(receiver, courier_to, status):
    receiver.answers = [status, status]
    courier = courier_to(receiver)
    courier.put(message(1))
    courier.put(message(2))
    assert numbers(receiver.wait_for(4)) == [1, 1, 1, 2]
    assert len({document["id"] for document in receiver.wait_for(4)}) == 2
    assert all(genuine for _, _, genuine, _ in receiver.tries)


@pytest.mark.parametrize("status", [400, 401, 404, 410, 302])
def test_a_refusal_is_not_tried_again_and_counted(receiver, courier_to, status, caplog):
    receiver.answers = [status]
    courier = courier_to(receiver)
    courier.put(message(1))
    courier.put(message(2))
    documents = receiver.wait_for(2)
    assert [(document["atMs"], document["dropped"]) for document in documents] == [(1, 0), (2, 1)]
    assert f"was not delivered to http://127.0.0.1:{receiver.port}: HTTP {status}" in caplog.text
    assert "hidden" not in caplog.text


def test_who_is_away_gets_all_of_it_when_it_is_back(make_receiver, courier_to):
    receiver = make_receiver(listening=False)
    courier = courier_to(receiver)
    for number in range(3):
        courier.put(message(number))
    receiver.start()
    assert numbers(receiver.wait_for(3)) == [0, 1, 2]


def test_who_goes_away_in_between_loses_nothing(receiver, courier_to):
    courier = courier_to(receiver)
    courier.put(message(0))
    receiver.wait_for(1)
    receiver.stop()
    courier.put(message(1))
    receiver.start()
    assert numbers(receiver.wait_for(2)) == [0, 1]


def test_a_message_is_given_up_after_so_many_tries(receiver, courier_to, caplog):
    receiver.answers = [500, 500, 500]
    courier = courier_to(receiver, attempts=3)
    courier.put(message(1))
    courier.put(message(2))
    documents = receiver.wait_for(4)
    assert [(document["atMs"], document["dropped"]) for document in documents] == [(1, 0)] * 3 + [(2, 1)]
    assert "HTTP 500, after 3 tries" in caplog.text


def test_while_one_is_stuck_no_more_wait_than_may_and_nobody_is_held_up(receiver, courier_to, caplog):
    receiver.answering.clear()
    courier = courier_to(receiver, waiting_max=2)
    courier.put(message(0))
    receiver.wait_for(1)
    for number in range(1, 5):
        courier.put(message(number))
    receiver.answering.set()
    documents = receiver.wait_for(2)
    assert [(document["atMs"], document["dropped"]) for document in documents] == [(0, 0), (1, 3)]
    courier.put(message(9))
    assert receiver.wait_for(3)[2]["dropped"] == 0
    assert caplog.text.count("new ones are dropped") == 1


def test_the_end_delivers_what_is_left(receiver, courier_to):
    receiver.answering.clear()
    courier = courier_to(receiver, grace_ms=60_000)
    for number in range(5):
        courier.put(message(number))
    receiver.wait_for(1)
    closing = threading.Thread(target=courier.close)
    closing.start()
    receiver.answering.set()
    closing.join(PATIENCE_S)
    assert numbers(receiver.taken()) == [0, 1, 2, 3, 4]
    courier.put(message(9))
    courier.close()
    assert len(receiver.tries) == 5


def test_the_end_does_not_wait_for_who_is_away(make_receiver, courier_to, caplog):
    courier = courier_to(make_receiver(listening=False), grace_ms=60_000, backoff_ms=10**8, backoff_ms_max=10**8)
    courier.put(message(1))
    courier.put(message(2))
    closing = threading.Thread(target=courier.close)
    closing.start()
    closing.join(PATIENCE_S / 2)
    assert not closing.is_alive(), "it neither pauses for a day nor for the whole time of grace"
    assert "2 messages were not delivered" in caplog.text


def test_the_end_waits_no_longer_than_it_may_for_who_does_not_answer(receiver, courier_to, caplog):
    receiver.answering.clear()
    courier = courier_to(receiver, grace_ms=50)
    courier.put(message(1))
    receiver.wait_for(1)
    courier.close()
    assert "1 messages were not delivered" in caplog.text
    receiver.answering.set()


class TestWhatIsTold:
    @pytest.fixture
    def notifier_to(self):
        made = []

        def notifier_to(receiver, *events):
            settings = Settings(url=receiver.url, secret=SECRET, events=frozenset(events or EVENTS), **PATIENT)
            made.append(Notifier(settings))
            return made[-1]

        yield notifier_to
        for notifier in made:
            notifier.close()
        join_couriers()

    def test_is_what_was_asked_for(self, receiver, notifier_to):
        notifier, now_ms = notifier_to(receiver, "moves-resumed"), int(time.time() * 1000)
        notifier.kube9_moves_held(reason="most nodes look dead", at_ms=now_ms)
        notifier.kube9_moves_resumed(reason="they are back", at_ms=now_ms)
        (document,) = receiver.wait_for(1)
        assert (document["event"], document["reason"]) == ("moves-resumed", "they are back")

    def test_is_nothing_of_a_simulation(self, receiver, notifier_to, caplog):
        caplog.set_level(logging.WARNING, logger="kube9")
        notifier, now_ms = notifier_to(receiver), int(time.time() * 1000)
        notifier.kube9_moves_held(reason="long ago", at_ms=5000)
        notifier.kube9_moves_held(reason="even longer", at_ms=4000)
        notifier.kube9_moves_held(reason="now", at_ms=now_ms)
        (document,) = receiver.wait_for(1)
        assert document["reason"] == "now"
        assert caplog.text.count("is of a simulation") == 1
