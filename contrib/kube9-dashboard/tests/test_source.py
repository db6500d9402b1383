"""What is asked and when, what stays known while the server is away, and that it is found again."""

from __future__ import annotations

import pytest

import kube9
from kube9_dashboard.source import Source


class Away(kube9.Kube9Error):
    """As the client tells that nobody answers."""

    status = 0


class Refused(kube9.Kube9Error):
    """As the client tells that the server refuses."""

    status = 404


class Server:
    """Counts what it is asked; may be away."""

    def __init__(self):
        self.asked = self.connections = 0
        self.now_s = 100.0
        self.fault = None
        self.source = Source(self.connect, clock=lambda: self.now_s)

    def connect(self):
        self.connections += 1
        return self

    def number(self):
        if self.fault:
            raise self.fault
        self.asked += 1
        return self.asked

    def ask(self, key="number", **options):
        return self.source.ask(key, lambda server: server.number(), **options)


@pytest.fixture
def server():
    return Server()


def test_what_was_asked_a_moment_ago_is_not_asked_again(server):
    assert [server.ask().value, server.ask().value] == [1, 1]
    server.now_s += 1
    assert server.ask().value == 2


def test_another_question_or_another_version_is(server):
    assert [server.ask("a").value, server.ask("b").value] == [1, 2]
    assert server.ask("a", version=7).value == 3
    assert server.ask("a", version=7, fresh_s=60).value == 3


def test_what_was_known_stays_while_the_server_is_away(server):
    server.ask()
    server.now_s += 5
    server.fault = Away("no server answers")
    answer = server.ask()
    assert (answer.value, answer.at_s, answer.trouble) == (1, 100.0, "no server answers")
    assert server.source.trouble == "no server answers"
    server.now_s += 3
    server.ask()
    assert server.source.away_s == 3.0


def test_what_was_never_known_is_not_known(server):
    server.fault = Away("no server answers")
    assert (server.ask().value, server.ask().trouble) == (None, "no server answers")


def test_it_is_back_as_soon_as_it_answers_over_a_new_connection(server):
    server.ask()
    server.now_s += 5
    server.fault = Away("no server answers")
    server.ask()
    server.fault = None
    server.now_s += 1
    answer = server.ask()
    assert (answer.value, answer.trouble, server.source.trouble, server.source.away_s) == (2, "", "", 0.0)
    assert server.connections == 2


def test_a_page_with_many_questions_does_not_wait_for_each(server):
    server.fault = Away("no server answers")
    server.ask("a")
    connections = server.connections
    assert server.ask("b").trouble == "no server answers"
    assert server.connections == connections


def test_a_refusal_is_the_askers(server):
    server.fault = Refused("there is no such pod")
    with pytest.raises(Refused):
        server.ask()
    assert server.source.trouble == ""


def test_after_an_order_all_is_asked_anew(server):
    server.ask()
    assert server.source.tell(lambda server: server.number()) == 2
    assert server.ask(fresh_s=60).value == 3


def test_an_order_to_a_server_that_is_away_is_told_to_whoever_gave_it(server):
    server.ask()
    server.fault = Away("no server answers")
    with pytest.raises(Away):
        server.source.tell(lambda server: server.number())
    assert server.ask().value == 1


def test_no_more_is_kept_than_one_needs(server):
    for number in range(1000):
        server.ask(number)
    server.ask(0, fresh_s=1e9)
    assert server.asked == 1001
