from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kube9.agent.brain import Beat
from kube9.agent.configuration import read_server
from kube9.agent.courier import CONNECTIONS, Couriers

PATIENCE_S = 60.0
ANSWER = {"boot": "b", "sequence": 1, "token": "t", "leaseMillis": 1, "intervalMillis": 2, "gone": False}


class Asking:
    """In place of an agent: sends a beat for each that a test asks for, and keeps what came of it."""

    def __init__(self):
        self.changed = threading.Condition()
        self.due = 0
        self.closed = False
        self.answers, self.failures, self.again = [], [], 0

    def send(self, count=1):
        with self.changed:
            self.due += count
            self.changed.notify_all()

    def next_beat(self):
        with self.changed:
            self.changed.wait_for(lambda: self.due or self.closed)
            if self.closed:
                return None
            self.due -= 1
            return Beat("b", "t", 1, ()), 100

    def heed(self, answer):
        with self.changed:
            self.answers.append(answer)
            self.changed.notify_all()

    def unanswered(self, *, refused=False, again=False):
        with self.changed:
            self.failures.append("again" if again else "refused" if refused else "failed")
            self.changed.notify_all()

    def beat_at_once(self):
        with self.changed:
            self.again += 1
            self.changed.notify_all()

    def until(self, wanted):
        with self.changed:
            assert self.changed.wait_for(wanted, PATIENCE_S)

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()


class Server(ThreadingHTTPServer):
    """Answers with what a test puts in ``answers``, the last again and again."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        self.answers, self.asked = [(200, ANSWER)], []
        super().__init__(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self):
        self.shutdown()
        self.server_close()
        self.thread.join()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers["Authorization"], json.loads(body)))
        answers = self.server.answers
        status, document = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(document):
            document = document()
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        kind = "application/problem+json" if isinstance(document, dict) else "text/html"
        for name, value in (("Content-Length", str(len(data))), ("Content-Type", kind)):
            self.send_header(name, value)
        if status == 307:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *args):
        pass


@pytest.fixture
def server():
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def agent():
    return Asking()


@pytest.fixture
def folder(tmp_path, server):
    write(tmp_path, server.server_port)
    return tmp_path


def write(folder, port, token="secret"):
    (folder / "server.json").write_text(json.dumps({"url": f"http://127.0.0.1:{port}"}))
    (folder / "token").write_text(token)


@pytest.fixture
def couriers(agent, folder, caplog):
    caplog.set_level("INFO")
    couriers = Couriers(agent, "node 1", folder, read_server(folder))
    couriers.start()
    yield couriers
    agent.close()
    for thread in couriers._threads:
        thread.join(PATIENCE_S)


def test_a_beat_is_carried_there_and_its_answer_back(couriers, agent, server):
    agent.send()
    agent.until(lambda: agent.answers)
    assert agent.answers[0].token == "t"
    path, authorization, document = server.asked[0]
    assert (path, authorization) == ("/v1/nodes/node%201/heartbeat", "Bearer secret")
    assert (document["boot"], document["waitMillis"]) == ("b", 100)


def test_a_few_are_under_way_at_a_time(couriers, agent, server):
    here, go_on = threading.Semaphore(0), threading.Event()

    def hold():
        here.release()
        go_on.wait(PATIENCE_S)
        return ANSWER

    server.answers = [(200, hold)]
    agent.send(CONNECTIONS + 1)
    for _ in range(CONNECTIONS):
        assert here.acquire(timeout=PATIENCE_S)
    assert agent.due == 1
    go_on.set()
    agent.until(lambda: len(agent.answers) == CONNECTIONS + 1)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_told_once_and_the_token_read_again(couriers, agent, server, folder, caplog, status):
    problem = {"type": "about:blank", "title": "Access denied", "detail": "not that one"}
    server.answers = [(status, problem)]
    agent.send(2)
    agent.until(lambda: agent.failures == ["refused", "refused"])
    assert caplog.text.count(f"refuses with {status}: Access denied: not that one") == 1
    write(folder, server.server_port, "another")
    agent.send()
    agent.until(lambda: len(agent.failures) == 3 and agent.again == 1)
    server.answers = [(200, ANSWER)]
    agent.send()
    agent.until(lambda: agent.answers)
    assert server.asked[-1][1] == "Bearer another"
    assert "answers again" in caplog.text


@pytest.mark.parametrize(
    "answer,message",
    [
        ((503, {"title": "Database away"}), "refuses with 503: Database away: "),
        ((500, b"<html>oops</html>"), "refuses with 500: '<html>oops</html>'"),
        ((307, b""), "refuses with 307: ''"),
        ((200, b"<html>hello</html>"), "gave an answer that cannot be read: it is no JSON"),
        ((200, {**ANSWER, "sequence": "1"}), "gave an answer that cannot be read: sequence: expected a whole number"),
    ],
    ids=str,
)
def test_what_is_no_answer_is_told_and_ignored(couriers, agent, server, caplog, answer, message):
    server.answers = [answer]
    agent.send()
    agent.until(lambda: agent.failures == ["failed"])
    assert message in caplog.text
    assert agent.answers == []
    assert len(server.asked) == 1, "a redirect is not followed"


def test_a_server_that_has_moved_is_found_where_it_is_now(couriers, agent, server, folder, caplog):
    write(folder, 1)
    couriers.read_again()
    write(folder, server.server_port)
    agent.send()
    agent.until(lambda: agent.failures == ["failed"] and agent.again == 2)
    assert "server=http://127.0.0.1:1 is not reached: " in caplog.text
    agent.send()
    agent.until(lambda: agent.answers)


def test_a_folder_that_cannot_be_read_changes_nothing(couriers, agent, folder, caplog):
    before = couriers.server
    (folder / "token").unlink()
    couriers.read_again()
    assert couriers.server == before
    assert "token: cannot be read" in caplog.text


def test_a_farewell_waits_for_its_answer_and_for_no_more_than_that(couriers, server, caplog):
    couriers.say_farewell(Beat("b", "t", 7, ()), PATIENCE_S)
    assert server.asked[-1][2]["sequence"] == 7
    server.stop()
    couriers.say_farewell(Beat("b", "t", 8, ()), PATIENCE_S)
    assert "the last beat was not answered" in caplog.text
