"""Servers to measure, each a process of its own: kube9's, and one that answers a constant."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from kube9.statedir import StateDir

__all__ = ["ROOT", "Answer", "Running", "constant", "kube9_server"]

#: Where ``python -m bench...`` finds the benchmark.
ROOT = Path(__file__).parents[2]

_PATIENCE_S = 60.0
_TIMEOUT_S = 600.0


@frozen
class Answer:
    status: int
    body: bytes
    #: From sending the request until the last byte of the answer.
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


@frozen(kw_only=True)
class Running:
    """A server that takes requests."""

    port: int
    token: str
    pid: int

    def head(self, method: str, path: str, more: Mapping[str, str] | None = None) -> str:
        """The head of a request up to the length of its body, the same for both servers."""
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"Authorization: Bearer {self.token}",
            "Content-Type: application/json",
            *(f"{name}: {value}" for name, value in (more or {}).items()),
        ]
        return "\r\n".join(lines) + "\r\n"

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """One request, on a connection of its own.

        :raises RuntimeError: it was refused.
        """
        text = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_S)
        connection.connect()
        start = time.perf_counter()
        connection.request(method, path, text, headers)
        response = connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - start
        connection.close()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path} was answered with {response.status}: {content[:500]!r}")
        return Answer(response.status, content, seconds)

    @property
    def cpu_s(self) -> float:
        """How long a processor has worked for the process so far, for all its threads together."""
        # Linux's number for the clock of another process, as clock_getcpuclockid(3) makes it. A short run takes less
        # than the hundredths of a second that /proc counts.
        return time.clock_gettime((~self.pid << 3) | 2)

    @property
    def memory_bytes(self) -> int:
        """What the process holds in memory now."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the system does not say how much memory a process holds")


@contextmanager
def kube9_server(folder: Path, database_url: str, *options: str) -> Iterator[Running]:
    """``kube9 serve`` with memory nodes and a state directory below ``folder``.

    :param options: more of its own.
    """
    folder.mkdir(exist_ok=True)
    state = StateDir(folder / "state")
    arguments = ["-m", "kube9", "-q", "serve", "--port", "0", "--state-dir", str(state.path), "--db", database_url]
    with _process([*arguments, *options], folder / "server.log") as process:
        while (server := state.server()) is None or (token := state.token()) is None:
            _look(process, folder / "server.log")
        yield Running(port=int(server.url.rpartition(":")[2]), token=token, pid=process.pid)


@contextmanager
def constant(folder: Path, like: Running, status: int, body: bytes) -> Iterator[Running]:
    """The same web server with an app that reads each request and answers the same bytes.

    :param like: the server beside which it stands; requests for both are alike.
    """
    answer, told = folder / "answer", folder / "constant.port"
    answer.write_bytes(body)
    told.unlink(missing_ok=True)
    with _process(
        ["-m", "bench.server.constant", str(answer), str(status), str(told)], folder / "constant.log"
    ) as process:
        while not told.exists():
            _look(process, folder / "constant.log")
        yield Running(port=int(told.read_text(encoding="ascii")), token=like.token, pid=process.pid)


@contextmanager
def _process(arguments: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("KUBE9_")}
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - this Python with modules of this project
            [sys.executable, *arguments],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C is for the benchmark, which still needs the server to remove what it made.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _look(process: subprocess.Popen[bytes], log: Path) -> None:
    """:raises RuntimeError: it ended instead of starting."""
    if process.poll() is not None:
        raise RuntimeError(f"a server ended at its start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
    threading.Event().wait(0.02)
