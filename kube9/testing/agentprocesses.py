"""A backend whose nodes are processes of the real agent, and whose pods pretend."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from kube9.backends.agentfile import agent_file
from kube9.core.errors import NodeDown, NodeGone
from kube9.core.nodes import Node
from kube9.core.pods import Pod
from kube9.core.ports import ALL_LOGS, Clock, JoinTicket, LogOptions
from kube9.core.stimuli import DestroyNodeDone, Stimulus
from kube9.testing import pretending

__all__ = ["AgentProcesses"]


class AgentProcesses:
    """To be made whole by an :class:`~kube9.testing.agenthost.AgentHost`.

    :param folder: where everything of the nodes is kept.
    :param python: what runs the agent.
    """

    by_agent = True

    def __init__(
        self, clock: Clock, deliver: Callable[[Stimulus], None], folder: Path, *, python: str = sys.executable
    ) -> None:
        self._clock, self._deliver, self._folder = clock, deliver, folder
        self.python = python
        self._lock = threading.Lock()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.agent = folder / "agent.pyz"
        self.agent.write_bytes(agent_file({"pretending.py": Path(pretending.__file__).read_bytes()}).data)

    def close(self) -> None:
        """End every node."""
        with self._lock:
            processes, self._processes = self._processes, {}
        for process in processes.values():
            _end(process)

    def create_node(self, node: Node, join: JoinTicket) -> None:
        """Start an agent, unless there is one."""
        with self._lock:
            if node.uid not in self._processes:
                self.configure(node.uid, join, name=node.name)
                self._processes[node.uid] = self._start(node.uid)

    def restart_node(self, node: Node) -> None:
        """Kill the agent, and start another."""
        with self._lock:
            _end(self._known(node))
            self._processes[node.uid] = self._start(node.uid)

    def destroy_node(self, node: Node) -> None:
        """Kill the agent, and with it what it ran."""
        with self._lock:
            process = self._processes.pop(node.uid, None)
        if process is not None:
            _end(process)
            self._sweep(node.uid)
        done = DestroyNodeDone(at_ms=self._clock.now_ms(), uid=node.uid)
        self._clock.call_at(done.at_ms, lambda: self._deliver(done))

    def start_pod(self, node: Node, pod: Pod) -> None:  # noqa: ARG002
        """Only whether there is such a node."""
        self.list_pods(node)

    def stop_pod(self, node: Node, pod: Pod, grace_ms: int) -> None:  # noqa: ARG002
        """Likewise."""
        self.list_pods(node)

    def list_pods(self, node: Node) -> None:
        """Only the agent can tell."""
        with self._lock:
            process = self._known(node)
            if process.poll() is not None:
                self._sweep(node.uid)
                raise NodeDown(f"node {node.name}: its agent ended with {process.returncode}")

    def logs(self, node: Node, pod: Pod, options: LogOptions = ALL_LOGS) -> Iterator[bytes]:  # noqa: ARG002
        """There are none."""
        self.list_pods(node)
        return iter(())

    def _known(self, node: Node) -> subprocess.Popen[bytes]:
        if node.uid not in self._processes:
            raise NodeGone(f"node {node.name} ({node.uid}) is not there")
        return self._processes[node.uid]

    # What a test may do to a node.

    def configure(self, uid: str, join: JoinTicket, *, name: str) -> None:
        """Write what the agent of a node reads."""
        folder = self.folder_of(uid)
        folder.mkdir(exist_ok=True)
        document = {
            "node": name,
            "nodeUid": uid,
            "cluster": "c-00000000",
            "runtime": "module:pretending",
            "engine": str(self.pods_of(uid)),
        }
        (folder / "node.json").write_text(json.dumps(document), encoding="utf-8")
        server = {"url": join.server_url, "certificate": join.certificate}
        (folder / "server.json").write_text(json.dumps(server), encoding="utf-8")
        (folder / "token").write_text(join.token, encoding="utf-8")

    def folder_of(self, uid: str) -> Path:
        """Where the configuration of a node is."""
        return self._folder / uid

    def pods_of(self, uid: str) -> Path:
        """Where there is a file for each copy that runs."""
        return self._folder / f"{uid}-pods"

    def running(self, uid: str) -> list[str]:
        """The copies that run on a node, each as ``UID.EPOCH``."""
        return sorted(path.name for path in self.pods_of(uid).iterdir())

    def log_of(self, uid: str) -> str:
        """What all agents of a node wrote."""
        return (self._folder / f"{uid}.log").read_text(encoding="utf-8")

    def process_of(self, uid: str) -> subprocess.Popen[bytes]:
        """The agent of a node."""
        return self._processes[uid]

    def signal(self, uid: str, number: int) -> None:
        """Send a signal to the agent of a node, and not to its guard."""
        os.kill(self._processes[uid].pid, number)

    def crash(self, uid: str) -> None:
        """Kill the agent of a node."""
        process = self._processes[uid]
        process.kill()
        process.wait()

    def _start(self, uid: str) -> subprocess.Popen[bytes]:
        command = [self.python, "-I", str(self.agent), "--config", str(self.folder_of(uid))]
        with (self._folder / f"{uid}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603  (it is our own)
                command, stdin=subprocess.DEVNULL, stderr=log, stdout=log
            )

    def _sweep(self, uid: str) -> None:
        for path in self.pods_of(uid).iterdir():
            path.unlink(missing_ok=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait()
