"""Agents that beat while pods are launched: ``python -m bench.server.fleet``, told on its standard input.

One process is all agents. What each tells is what kube9's own agent tells, made by the same code; only that nothing
runs: a pod that was given to a node is said to run there from the next beat on, and for each that comes the one that
has run longest is said to have ended.
"""

from __future__ import annotations

import heapq
import json
import sys
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from time import perf_counter
from typing import Any

from bench.server.process import Running
from bench.server.traffic import Due, Tally, Traffic
from bench.server.workload import launch_pods, pod_text
from kube9.agent.brain import Answer, Beat, Brain, CopyReport

__all__ = ["Agent", "Fleet", "main"]

BEAT, POD = "beat", "pod"
_INTERVAL_S = 1.0
#: Of the pods: none comes again by itself.
_ONCE = {"restartPolicy": "Never"}
_Made = tuple[bytes, Callable[[bytes], None]]


class Agent:
    """The agent of one node, without a process to run.

    :param head: of its requests, up to the length of the body.
    """

    def __init__(self, name: str, head: str) -> None:
        self.brain = Brain(f"{name}-started-once")
        self._head = head
        self._told: tuple[CopyReport, ...] | None = None
        self._pods = ""

    def request(self) -> _Made:
        """Its next beat, and what takes the answer to it."""
        beat = self.brain.beat(_now_ms())
        body = self._body(beat)
        request = f"{self._head}Content-Length: {len(body)}\r\n\r\n{body}".encode("ascii")
        return request, partial(self._heed, beat.sequence)

    def run(self, uid: str, epoch: int) -> bool:
        """Say from the next beat on that a pod runs; ``False`` if the lease does not allow that."""
        if not self.brain.start(_now_ms(), uid, epoch):
            return False
        self.brain.started(uid, epoch)
        return True

    def _body(self, beat: Beat) -> str:
        if beat.pods is not self._told:
            self._told, self._pods = beat.pods, json.dumps([_document(copy) for copy in beat.pods])
        start = json.dumps({"boot": beat.boot, "token": beat.token, "sequence": beat.sequence})
        return f'{start[:-1]}, "pods": {self._pods}}}'

    def _heed(self, sequence: int, body: bytes) -> None:
        told = json.loads(body)
        # Which beat it answers is known by the connection; a constant answers all of them with the same words.
        answer = Answer(sequence, told["token"], told["leaseMillis"], told["intervalMillis"], told["gone"])
        self.brain.heed(answer)


class Fleet:
    """All nodes, and their pods.

    :param server: where to launch pods.
    :param tokens: of the nodes ``node-0``, ``node-1`` and so on; none where nodes beat without us.
    :param constant: answers mean nothing, so pods go to nodes by turns.
    """

    def __init__(self, server: Running, tokens: list[str], *, connections: int, constant: bool) -> None:
        self._server, self._constant = server, constant
        self._pod_head, self._pod_text = server.head("POST", "/v1/pods"), pod_text(**_ONCE)
        self._agents = {f"node-{number}": _agent(server, number, token) for number, token in enumerate(tokens)}
        self._traffic = Traffic(server.port, connections)
        self._running: deque[tuple[Agent, str, int]] = deque()
        self._pods, self._made_up = count(), count()
        #: How many pods run at a time.
        self._level = 0

    def close(self) -> None:
        self._traffic.close()

    def join(self) -> None:
        """Let every node join: one beat to be told the token, and one that says it."""
        for _ in range(2):
            now_s = perf_counter()
            self._traffic.play(Due(now_s, BEAT, agent.request) for agent in self._agents.values())

    def fill(self, pods: int) -> None:
        """Launch pods in batches, and let them run."""
        self._level = pods
        if self._constant:
            for _ in range(pods):
                self._launched(b"")
            return
        launch_pods(self._server, pods, name="first", **_ONCE)
        for document in self._server.ask("GET", "/v1/pods").json()["items"]:
            self._place(document)

    def play(self, seconds: float, pods_per_s: int) -> Tally:
        """Let every node beat once a second, spread over the second, and launch pods one by one."""
        start_s = perf_counter()
        beats, launches = self._beats(start_s, seconds), self._launches(start_s, seconds, pods_per_s)
        return self._traffic.play(heapq.merge(beats, launches))

    def _beats(self, start_s: float, seconds: float) -> Iterator[Due]:
        agents = list(self._agents.values())
        for number in range(int(seconds / _INTERVAL_S) * len(agents)):
            due_s = start_s + number * _INTERVAL_S / len(agents)
            yield Due(due_s, BEAT, agents[number % len(agents)].request)

    def _launches(self, start_s: float, seconds: float, pods_per_s: int) -> Iterator[Due]:
        for number in range(int(seconds * pods_per_s)):
            yield Due(start_s + number / pods_per_s, POD, self._launch)

    def _launch(self) -> _Made:
        body = self._pod_text.replace("{n}", f"{next(self._pods):09}")
        request = f"{self._pod_head}Content-Length: {len(body)}\r\n\r\n{body}".encode("ascii")
        return request, self._launched

    def _launched(self, body: bytes) -> None:
        self._place(self._made_up_pod() if self._constant else json.loads(body))

    def _made_up_pod(self) -> dict[str, Any]:
        number = next(self._made_up)
        status = {"nodeName": f"node-{number % len(self._agents)}", "epoch": 1}
        return {"metadata": {"uid": f"{number:036}"}, "status": status}

    def _place(self, pod: dict[str, Any]) -> None:
        """Let a pod run where it is said to, and end another if there are enough.

        :raises RuntimeError: it has no node, or one that may run nothing.
        """
        if not self._agents:
            return
        uid, status = pod["metadata"]["uid"], pod["status"]
        agent = self._agents.get(status["nodeName"])
        if agent is None or not agent.run(uid, status["epoch"]):
            raise RuntimeError(f"a pod cannot run: {pod}")
        self._running.append((agent, uid, status["epoch"]))
        if len(self._running) > self._level:
            oldest, uid, epoch = self._running.popleft()
            oldest.brain.exited(uid, epoch, 0)


def main() -> None:
    """Read a job, let all nodes join and beat for a while, say so, wait for the word, and print what came of it."""
    job = json.loads(sys.stdin.readline())
    server = Running(port=job["port"], token=job["token"], pid=0)
    fleet = Fleet(server, job["tokens"], connections=job["connections"], constant=job["constant"])
    fleet.join()
    fleet.fill(job["pods"])
    fleet.play(job["warmUpSeconds"], job["podsPerSecond"])
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(fleet.play(job["seconds"], job["podsPerSecond"]).json()), flush=True)
    fleet.close()


def _agent(server: Running, number: int, token: str) -> Agent:
    name = f"node-{number}"
    head = Running(port=server.port, token=token, pid=0).head("POST", f"/v1/nodes/{name}/heartbeat")
    return Agent(name, head)


def _document(copy: CopyReport) -> dict[str, Any]:
    document: dict[str, Any] = {"uid": copy.uid, "epoch": copy.epoch, "phase": copy.phase}
    if copy.exit_code is not None:
        document["exitCode"] = copy.exit_code
    return document | ({"error": copy.error} if copy.error else {})


def _now_ms() -> int:
    return int(perf_counter() * 1_000)


if __name__ == "__main__":
    main()
