"""``kube9 serve`` as a process of its own: it starts, is found, stops in order, is killed, and goes on."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading

import pytest
import requests

from kube9.client import Client
from kube9.core.errors import ApiError
from kube9.heartbeats.beatfile import read_beats
from kube9.statedir import StateDir

pytestmark = pytest.mark.slow


class Served:
    """A running ``kube9 serve``."""

    def __init__(self, *args, env):
        command = [sys.executable, "-m", "kube9", "serve", "--port", "0", *args]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **env}
        )
        self.said = []

    def read_until(self, text):
        """What it says on stderr, up to a line with ``text``."""
        for line in self.process.stderr:
            self.said.append(line)
            if text in line:
                return line
        raise AssertionError("".join(self.said))

    def end(self, number):
        """Send a signal; what it said then, and its exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self):
        out, rest = self.process.communicate(timeout=60)
        assert out == "", "data goes to stdout, and a server has none"
        return self.process.returncode, "".join(self.said) + rest


@pytest.fixture
def serve(tmp_path):
    """Start one in the state directory that clients of this test look at, and wait until it listens."""
    running = []

    def serve(*args, until="Ctrl-C stops the server", **env):
        running.append(Served(*args, env={"KUBE9_PLUGINS": "", **env}))
        if until:
            running[-1].read_until(until)
        return running[-1]

    yield serve
    for served in running:
        if served.process.poll() is None:
            served.process.kill()
        served.process.communicate()


def test_a_usable_cluster_in_one_line(serve, run, tmp_path):
    served = serve("--nodes", "2xcpu=4,memory=8Gi", "--nodes", "1xcpu=8,gpu=2,name=big", "--scheduler", "worst-fit")
    told = "".join(served.said)
    record = json.loads((tmp_path / "state" / "server.json").read_text())
    assert record["url"] in told
    assert record["pid"] == served.process.pid
    assert str(tmp_path / "state" / "token") in told
    assert f"kube9 node list --state-dir {tmp_path}/state" in told
    assert "with 3 nodes and 0 pods" in told
    assert stat.S_IMODE((tmp_path / "state" / "token").stat().st_mode) == 0o600
    result = run("pod", "run", "web", "--cpu", "1", "--wait")
    assert result.stdout == "pod web is Running on big-0001\n"
    code, told = served.end(signal.SIGTERM)
    assert code == 0
    assert "INFO stopping: SIGTERM" in told
    assert told.endswith("INFO stopped\n")
    assert sorted(path.name for path in (tmp_path / "state").iterdir() if path.suffix == ".json") == []


def test_pods_wait_in_the_order_that_is_chosen(serve, run, said):
    serve("--nodes", "1xcpu=4", "--queue", "fcfs")
    run("pod", "run", "one", "--cpu", "3", "--wait")
    run("pod", "run", "wide", "--cpu", "4")
    run("pod", "run", "narrow", "--cpu", "1")
    assert [pod["status"]["phase"] for pod in said("pod", "list")["items"]] == ["Running", "Pending", "Pending"]


def test_the_token_is_never_said(serve, tmp_path):
    served = serve()
    code, told = served.end(signal.SIGINT)
    assert code == 0
    assert "INFO stopping: SIGINT" in told
    assert (tmp_path / "state" / "token").read_text().strip() not in told


def test_nothing_answers_without_the_token_but_health(serve):
    serve()
    with Client(token="x" * 40) as client:
        assert client.ready()
        with pytest.raises(ApiError) as caught:
            client.status()
        assert caught.value.status == 401


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_next_start_goes_on_where_the_last_ended(serve, run, said, number):
    first = serve("--nodes", "2xcpu=4")
    run("pod", "run", "web", "--cpu", "1", "--wait")
    uids = {node["metadata"]["uid"] for node in said("node", "list")["items"]}
    first.end(number)
    serve("--nodes", "3xcpu=4")
    nodes = said("node", "list")["items"]
    assert [node["metadata"]["name"] for node in nodes] == ["node-0001", "node-0002", "node-0003"]
    assert uids < {node["metadata"]["uid"] for node in nodes}
    assert run("pod", "show", "web").exit_code == 0


def test_a_node_that_is_another_by_now_stays_and_is_warned_of(serve, said):
    serve("--nodes", "1xcpu=4").end(signal.SIGTERM)
    served = serve("--nodes", "1xcpu=8")
    assert any("WARNING --nodes:" in line and "node-0001" in line for line in served.said)
    assert said("node", "show", "node-0001")["status"]["capacity"] == {"cpu": "4"}


def test_heartbeats_are_recorded_with_the_crashes_that_were_asked_for(serve, run, said, tmp_path):
    path, check = str(tmp_path / "beats.csv"), "phi-accrual:interval_ms=50,pause_ms=0"
    served = serve("--nodes", "2xcpu=4", "--health", check, "--record-heartbeats", path)
    with Client() as client:
        for name in ("node-0001", "node-0002"):
            next(client.watch_events(after=0, type="NodeReady", name=name))
        client.fail_node("node-0001")
        next(client.watch_events(after=0, type="NodeFailed", name="node-0001"))
    code, _ = served.end(signal.SIGTERM)
    assert code == 0
    recording = read_beats(path)
    assert (recording.nodes, recording.crashes) == (2, 1)
    assert recording.beats > 0
    again = serve("--record-heartbeats", path, until=None)
    code, told = again.ended()
    assert code == 2
    assert "beats.csv: there is such a file already" in told


def test_a_second_server_is_kept_out_of_the_state_directory(serve, tmp_path):
    first = serve()
    code, told = serve(until=None).ended()
    assert code == 1
    assert told == (
        f"Error: state directory {tmp_path}/state is in use by the server at {Client().url} "
        f"(process {first.process.pid}); stop that one, or name another with --state-dir\n"
    )


def test_a_second_server_is_kept_out_of_the_database(serve, tmp_path):
    serve()
    database = str(tmp_path / "state" / "kube9.db")
    code, told = serve("--state-dir", str(tmp_path / "other"), "--db", database, until=None).ended()
    assert code == 1
    assert told.startswith(f"Error: {database} is in use by process ")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "args,message",
    [
        (("--host", "203.0.113.1"), "203.0.113.1"),
        (("--tls-cert", "cert.pem"), "TLS needs both --tls-cert and --tls-key"),
        (("--tls-cert", "none.pem", "--tls-key", "none.pem"), "none.pem"),
        (("--tls-cert", __file__, "--tls-key", __file__), "test_serve.py"),
        (("--nodes", "auto:cpu=4"), "--nodes: auto: is for simulations"),
        (("--nodes", "4"), "--nodes '4': expected a node file"),
        (("--scheduler", "bestfit"), "Did you mean 'best-fit'?"),
        (("--backend", "cloud"), "there is no backend 'cloud'"),
        (("--backend", "ssh:known_host=/x"), "there is no option 'known_host'"),
        (("--health", "pulse"), "pulse"),
        (("--queue", "lifo"), "lifo"),
        (("--db", "mysql://h/x"), "there is no database 'mysql'"),
        (("--port", "70000"), "--port"),
        (("--state-dir", "/dev/null/x"), "state directory /dev/null/x cannot be used"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_served_is_said_in_one_line(serve, args, message):
    code, told = serve(*args, until=None).ended()
    assert code in (1, 2)
    assert message in told
    assert "Traceback" not in told
    assert told.splitlines()[-1].startswith("Error: ")


def test_a_port_that_is_taken_is_named(serve, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, told = serve("--port", port, until=None).ended()
    assert code in (1, 2)
    assert told.count("\n") == 1
    assert port in told
    assert not (tmp_path / "state" / "server.json").exists()


def test_to_listen_beyond_this_machine_without_tls_is_warned_of(serve):
    served = serve("--host", "0.0.0.0")
    assert any("WARNING: listening on 0.0.0.0 WITHOUT TLS" in line for line in served.said)
    assert Client().url.startswith("http://127.0.0.1:")
    assert not any("WITHOUT TLS" in line for line in serve_again(serve, served).said)


def serve_again(serve, served):
    served.end(signal.SIGTERM)
    return serve("--host", "127.0.0.1")


def test_quiet_says_only_what_is_wrong(tmp_path, no_server_but_our_own):
    command = [sys.executable, "-m", "kube9", "-q", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "KUBE9_PLUGINS": ""}) as it:
        while not (tmp_path / "state" / "server.json").exists():
            assert it.poll() is None
        it.send_signal(signal.SIGTERM)
        assert it.communicate(timeout=60)[1] == ""
    assert it.returncode == 0


def test_nodes_can_be_stopped_at_the_end(serve):
    served = serve("--nodes", "2xcpu=4", "--stop-nodes")
    code, told = served.end(signal.SIGTERM)
    assert code == 0
    assert "WARNING" not in told


class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path):
        """One that vouches for itself, for this machine; its file and its key's."""
        cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
        subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
        try:
            subprocess.run([*command, "-out", cert, "-keyout", key], check=True, capture_output=True)
        except FileNotFoundError:
            pytest.skip("needs openssl to make a certificate: apt install openssl")
        return str(cert), str(key)

    def test_clients_on_this_machine_trust_its_own_certificate(self, serve, run, certificate):
        cert, key = certificate
        served = serve("--tls-cert", cert, "--tls-key", key, "--nodes", "1xcpu=4")
        assert "https://127.0.0.1:" in "".join(served.said)
        assert run("node", "list").stdout.splitlines()[1].startswith("node-0001")

    def test_nobody_else_does_until_told_to(self, serve, run, certificate, tmp_path):
        cert, key = certificate
        serve("--tls-cert", cert, "--tls-key", key)
        with Client() as client:
            url, token = client.url, client._transport.address.token
        args = ("node", "list", "--server", url.replace("127.0.0.1", "localhost"), "--token", token)
        refused = run(*args)
        assert refused.exit_code == 1
        assert "is not to be trusted: self" in refused.stderr
        assert "name the one that vouches for it with --ca-cert or KUBE9_CA_CERT" in refused.stderr
        assert run(*args, "--ca-cert", cert).exit_code == 0
        plain = run("node", "list", "--server", url.replace("https:", "http:"), "--token", token)
        assert plain.exit_code == 1


def test_a_database_that_another_server_takes_over_ends_it_and_says_why(serve, run, tmp_path):
    served = serve("--nodes", "1xcpu=4")
    take_over(tmp_path / "state" / "kube9.db")
    run("node", "add", "n2", "--cpu", "1")
    code, told = served.ended()
    assert code == 1
    assert told.splitlines()[-1].startswith("Error: ")


def take_over(path):
    """What a second server would do that the lock did not keep out, on another machine perhaps."""
    import sqlite3

    with sqlite3.connect(path, timeout=60) as database:
        database.execute("UPDATE leader SET epoch = epoch + 1")
    database.close()


#: Judges fast, so that it takes no longer to see that it does not judge.
HASTY = "heartbeat:interval_ms=100,suspect_ms=300,fail_ms=600"


@pytest.mark.once
def test_a_server_that_stood_still_blames_none_of_its_nodes(serve, run, said):
    served = serve("--nodes", "4xcpu=4", "--health", HASTY)
    for number in range(4):
        assert run("pod", "run", f"p{number}", "--cpu", "3", "--wait").exit_code == 0
    with Client() as client:
        wait_for_beats(client, 4 * 15)
        served.process.send_signal(signal.SIGSTOP)
        try:
            # Five times as long as a node may be silent.
            assert threading.Event().wait(3) is False
        finally:
            served.process.send_signal(signal.SIGCONT)
        # It judges again by the end of this.
        wait_for_beats(client, 4 * 40)
        assert client.node_health()["movesHeld"] is None
        assert {node["status"]["phase"] for node in client.nodes()} == {"Ready"}
        told = [event["type"] for event in client.events()]
        assert told.count("PodBound") == told.count("PodRunning") == 4
        assert not {"NodeFailed", "PodEvicted"} & set(told)
        last_id = client.last_event_id()
        run("node", "fail", "node-0001")
        for event in client.watch_events(after=last_id):
            if event["type"] == "NodeFailed":
                break


def wait_for_beats(client, more):
    """Wait until the server has heard so many more heartbeats."""
    until = heartbeats(client) + more
    while heartbeats(client) < until:
        threading.Event().wait(0.05)


def heartbeats(client):
    told = ask("GET", f"{client.url}/metrics").text
    (line,) = (line for line in told.splitlines() if line.startswith("kube9_heartbeats_total "))
    return float(line.split()[1])


@pytest.mark.parametrize("text, why", [("soon", "expected a time such as"), ("0", "expected a time above 0")])
def test_a_lease_is_a_time(run, text, why):
    result = run("serve", "--port", "0", "--lease", text)
    assert result.exit_code == 2
    assert f"--lease: {why}" in result.stderr


def test_the_lease_that_is_asked_for_is_told_to_nodes(serve):
    serve("--nodes", "1xcpu=4", "--lease", "30s")
    with Client() as client:
        told = ask("POST", f"{client.url}/v1/nodes/node-0001/heartbeat")
    assert told.json()["leaseMillis"] == 30_000


def ask(method, url):
    """What the server says to what no client asks for."""
    token = StateDir.find().token_file.read_text().strip()
    return requests.request(method, url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
