from __future__ import annotations

import queue
import socket
import threading

import pytest

from kube9.backends.docker.endpoint import Endpoint
from kube9.backends.docker.engine import Engine
from kube9.backends.docker.marks import Marks
from kube9.backends.docker.watch import EngineWatch, keep_alive

pytestmark = [pytest.mark.once, pytest.mark.timeout(300)]

SLOW_S = 60


@pytest.fixture
def watching(engine):
    """Watches an engine; returns what it is told: ``connected``, or what happened and the node's uid."""
    watches = []

    def watch(mark, address=engine.address):
        heard, closing = queue.SimpleQueue(), threading.Event()
        own = Engine(Endpoint(url=address, source="the tests"), 30_000)
        watch = EngineWatch(own, Marks(mark), lambda: heard.put("connected"), lambda *what: heard.put(what), closing)
        watches.append((watch, own, closing))
        watch.start()
        return heard

    yield watch
    for watch, own, closing in watches:
        closing.set()
        own.close()
        watch.close()


def test_what_becomes_of_nodes_is_heard_and_nothing_of_others(watching, bench):
    heard = watching(bench.mark)
    assert heard.get(timeout=SLOW_S) == "connected"
    node = bench.up()
    bench.run(node).kill()
    bench.container(node).kill()
    bench.destroy(node)
    told = [heard.get(timeout=SLOW_S) for _ in range(3)]
    assert told == [("start", node.uid), ("die", node.uid), ("destroy", node.uid)]
    assert heard.empty()


def test_another_clusters_nodes_are_not_heard(watching, bench):
    heard = watching("c-other")
    assert heard.get(timeout=SLOW_S) == "connected"
    bench.destroy(bench.up())
    assert heard.empty()


def test_a_stream_that_ends_is_followed_anew_and_said_once(watching, own_engine, caplog):
    heard = watching("c-other", own_engine.address)
    assert heard.get(timeout=SLOW_S) == "connected"
    own_engine.restart()
    assert heard.get(timeout=SLOW_S) == "connected"
    said = [each for each in caplog.messages if "trying again until it is back" in each]
    assert len(said) == 1


def test_an_engine_that_is_not_there_yet_is_waited_for(watching, own_engine):
    own_engine.stop()
    heard = watching("c-other", own_engine.address)
    own_engine.start()
    assert heard.get(timeout=SLOW_S) == "connected"


def test_an_engine_elsewhere_that_vanishes_without_a_word_is_noticed():
    """Its stream would be waited for to the end of time."""
    requests = pytest.importorskip("requests")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answering = threading.Thread(target=begin_to_answer, args=(listener,))
        answering.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/events"
        with requests.get(url, stream=True, timeout=SLOW_S) as response:
            assert keep_alive(response)
            connection = response.raw._fp.fp.raw._sock
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        answering.join()


def begin_to_answer(listener):
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.recv(1)


def test_an_engine_of_this_machine_needs_no_such_care():
    assert keep_alive(None) is False
