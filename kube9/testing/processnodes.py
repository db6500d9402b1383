"""A backend whose nodes are processes of the real agent, and whose pods are processes of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import IO, Any

from kube9.core.errors import BackendError, Conflict, InvalidInput, Kube9Error, NodeGone
from kube9.core.nodes import Node
from kube9.core.pods import Pod
from kube9.core.ports import ALL_LOGS, JoinTicket, LogOptions
from kube9.testing.agentprocesses import AgentProcesses

__all__ = ["LocalCommand", "ProcessNodes"]

_PIECE_BYTES = 65_536
_FAILED = 125
_ERRORS: dict[str, type[Kube9Error]] = {"InvalidInput": InvalidInput, "Conflict": Conflict, "NotFound": NodeGone}


class ProcessNodes(AgentProcesses):
    """To be made whole by an :class:`~kube9.testing.agenthost.AgentHost`."""

    def close(self) -> None:
        """End every node, and all that runs there."""
        uids = list(self._processes)
        super().close()
        for uid in uids:
            self._sweep(uid)

    def restart_node(self, node: Node) -> None:
        """Kill the agent and all that runs, and start another."""
        with self._lock:
            _end(self._known(node))
            self._sweep(node.uid)
            self._processes[node.uid] = self._start(node.uid)

    def start_again(self, uid: str) -> None:
        """Another agent after one that was killed, as whoever supervises it would do."""
        with self._lock:
            self._processes[uid] = self._start(uid)

    def logs(self, node: Node, pod: Pod, options: LogOptions = ALL_LOGS) -> Iterator[bytes]:
        """As the agent's ``logs`` writes them."""
        self.list_pods(node)
        names = [each.name for each in (*pod.spec.init_containers, *pod.spec.containers)]
        if options.container and options.container not in names:
            raise InvalidInput(f"pod {pod.name!r} has no container {options.container!r}; it has {', '.join(names)}")
        about = {
            "container": options.container,
            "follow": options.follow,
            "tail": options.tail,
            "previous": options.previous,
        }
        process = self.begin(node.uid, "logs", pod, about)
        return _Log(process)

    def run_command(
        self, node: Node, pod: Pod, container: str, command: Sequence[str], *, terminal: bool = False
    ) -> LocalCommand:
        """By the agent's ``exec``."""
        self.list_pods(node)
        names = [each.name for each in pod.spec.containers]
        if container and container not in names:
            raise InvalidInput(f"pod {pod.name!r} has no container {container!r}; it has {', '.join(names)}")
        session = os.urandom(8).hex() if terminal else ""
        about = {"container": container, "command": list(command), "terminal": terminal, "session": session}
        return LocalCommand(self.begin(node.uid, "exec", pod, about))

    def begin(self, uid: str, what: str, pod: Pod, about: dict[str, Any]) -> subprocess.Popen[bytes]:
        """Run one of the agent's commands about a copy of a pod."""
        process = subprocess.Popen(  # noqa: S603  (it is our own)
            [self.python, "-I", str(self.agent), what, "--config", str(self.folder_of(uid))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        question = {"uid": pod.uid, "epoch": pod.epoch, **about}
        _input(process).write(json.dumps(question).encode() + b"\n")
        _input(process).flush()
        return process

    def call(self, uid: str, what: str) -> Any:
        """What one of the agent's commands says."""
        done = subprocess.run(  # noqa: S603  (it is our own)
            [self.python, "-I", str(self.agent), what, "--config", str(self.folder_of(uid))],
            capture_output=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise BackendError(f"{what} failed with {done.returncode}: {done.stderr.decode(errors='replace')}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def running(self, uid: str) -> list[str]:
        """The folders of copies that are there, each ``UID-EPOCH``."""
        with suppress(FileNotFoundError):
            return sorted(path.name for path in (self.folder_of(uid) / "pods").iterdir())
        return []

    def _sweep(self, uid: str) -> None:
        self.call(uid, "sweep")

    def configure(self, uid: str, join: JoinTicket, *, name: str) -> None:
        """Write what the agent of a node reads."""
        super().configure(uid, join, name=name)
        path = self.folder_of(uid) / "node.json"
        document = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**document, "runtime": "process"}), encoding="utf-8")


class _Log:
    """What is written to the output of a process; to be left by ``close``."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def __iter__(self) -> _Log:
        return self

    def __next__(self) -> bytes:
        output = self._process.stdout
        data = b"" if output is None or output.closed else os.read(output.fileno(), _PIECE_BYTES)
        if data:
            return data
        self.close()
        raise StopIteration

    def close(self) -> None:
        """Read no more of it."""
        _end(self._process)
        _close(self._process)


class LocalCommand:
    """Implements :class:`kube9.core.ports.CommandSession` by the agent's ``exec``.

    :raises Conflict, InvalidInput: as it says on its error output.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._came: SimpleQueue[tuple[int, bytes] | None] = SimpleQueue()
        said = json.loads(process.stderr.readline()) if process.stderr is not None else {}
        if "error" in said:
            _end(process)
            _close(process)
            raise _ERRORS.get(said["error"], BackendError)(said["message"])
        self._threads = [
            threading.Thread(target=self._read, args=(number, file), daemon=True)
            for number, file in ((1, process.stdout), (2, process.stderr))
        ]
        for thread in self._threads:
            thread.start()

    def output(self) -> Iterator[tuple[int, bytes]]:
        """Until both have ended."""
        left = len(self._threads)
        while left:
            piece = self._came.get()
            if piece is None:
                left -= 1
            else:
                yield piece
        self._process.wait()
        self.close()

    def write(self, data: bytes) -> None:
        """To its input."""
        _input(self._process).write(data)
        _input(self._process).flush()

    def close_input(self) -> None:
        """Nothing more comes."""
        _input(self._process).close()

    def resize(self, rows: int, columns: int) -> None:
        """Where it has a terminal, another command of the agent's does that."""

    def exit_code(self) -> int | None:
        """As it exited."""
        return self._process.poll()

    def close(self) -> None:
        """Nobody reads it any more."""
        _end(self._process)
        with suppress(BrokenPipeError):
            _input(self._process).close()

    def _read(self, number: int, file: IO[bytes] | None) -> None:
        # What came along with the first line is in a buffer.
        while file is not None and (data := file.read1(_PIECE_BYTES)):  # type: ignore[attr-defined]
            self._came.put((number, data))
        self._came.put(None)
        if file is not None:
            file.close()


def _input(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


def _close(process: subprocess.Popen[bytes]) -> None:
    for file in (process.stdin, process.stdout, process.stderr):
        if file is not None:
            with suppress(BrokenPipeError):
                file.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
