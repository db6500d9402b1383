"""Agents without a machine say what real ones say; requests come when they are due."""

from __future__ import annotations

import json
import socket
from functools import partial
from time import perf_counter

import pytest

from kube9.api.beats import read_beat
from kube9.api.limits import Limits
from kube9.core.reception import report_of

TOLD = {"sequence": 1, "token": "t1", "leaseMillis": 9_000_000, "intervalMillis": 1_000, "gone": False}
HEAD = "POST /v1/nodes/node-0/heartbeat HTTP/1.1\r\n"


@pytest.fixture
def agent(bench):
    return bench("server.fleet").Agent("node-0", HEAD)


def beat(agent):
    """Let it beat and be answered; what it said."""
    request, take = agent.request()
    head, body = request.split(b"\r\n\r\n")
    assert head.decode() == f"{HEAD}Content-Length: {len(body)}"
    take(json.dumps(TOLD).encode())
    return read_beat(json.loads(body), Limits())


class TestAgent:
    def test_it_proves_itself_by_the_token_it_was_told(self, agent):
        first, second = beat(agent), beat(agent)
        assert (first.token, first.sequence, second.token, second.sequence) == ("", 1, "t1", 2)
        assert first.boot == second.boot

    def test_it_tells_what_runs_and_what_ended(self, agent):
        assert not agent.run("early", 1)  # it has no lease yet
        beat(agent)
        assert agent.run("p", 3)
        (copy,) = beat(agent).pods
        assert (copy.uid, copy.epoch, report_of(copy).phase.value) == ("p", 3, "Running")
        agent.brain.exited("p", 3, 0)
        assert [(copy.phase, copy.exit_code) for copy in beat(agent).pods] == [("Succeeded", 0)]


class TestTraffic:
    """Against a server that answers each request with its own number."""

    @pytest.fixture
    def play(self, bench):
        """Send so many requests that are due at once; what was answered to each, and the tally."""
        traffic = bench("server.traffic")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            lines = traffic.Traffic(listener.getsockname()[1], 1)
            peer, _ = listener.accept()

            def make(number, bodies):
                body = str(number).encode()
                peer.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                return b"GET / HTTP/1.1\r\n\r\n", bodies.append

            def play(count):
                bodies, now_s = [], perf_counter()
                due = [traffic.Due(now_s, "get", partial(make, number, bodies)) for number in range(count)]
                return bodies, lines.play(due).json()

            yield play
            lines.close()
            peer.close()

    def test_all_are_answered_in_turn_on_one_connection(self, play):
        bodies, told = play(3)
        assert bodies == [b"0", b"1", b"2"]
        assert told["get"]["statuses"] == {"201": 3}
        assert 0 < told["get"]["p50Ms"] <= told["get"]["p99Ms"]

    def test_nothing_to_send(self, play):
        bodies, told = play(0)
        assert bodies == []
        assert set(told) == {"seconds"}
