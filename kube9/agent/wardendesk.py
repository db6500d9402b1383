"""Where a warden is asked: a socket of its node's folder, JSON a line, and answers and news a line each.

Whoever asks is of the same user, as the kernel tells. A question has an ``id``, and its answer has it too; what is news
has an ``event``. The files that a command is to have come along with the question.
"""

from __future__ import annotations

import json
import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from kube9.agent.clock import now_ms
from kube9.agent.spawn import Spawn
from kube9.agent.warden import Refused, Warden
from kube9.agent.wardenclient import Client, accept, listen
from kube9.agent.wardenrun import ENDED, RUNNING, Run

__all__ = ["Desk"]

_PIECE_BYTES = 65_536


class Desk:
    """Made before the warden is.

    :param about: what is told to whoever says hello.
    """

    def __init__(self, path: str, about: dict[str, Any]) -> None:
        self._about = about
        self._poll = select.epoll()
        self._clients: dict[int, Client] = {}
        #: Of runs: where their output comes, and where they say why they do not start.
        self._outputs: dict[int, Run] = {}
        self._told: dict[int, Run] = {}
        #: Answers that wait for something, with whose they are.
        self._waiting: list[tuple[Client, Any, Callable[[], bool], Callable[[], dict[str, Any]]]] = []
        self._leaving = False
        self._asked = {
            "hello": self._hello,
            "lease": self._lease,
            "start": self._start,
            "command": self._command,
            "signal": self._signal,
            "kill": self._kill,
            "killAll": self._kill_all,
            "forget": self._forget,
            "list": self._list,
            "use": self._use,
            "watch": self._watch,
            "stop": self._stop,
        }
        self._woken, waking = os.pipe()
        for file in (self._woken, waking):
            os.set_blocking(file, False)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        self._listener = listen(path)
        for number in (self._listener.fileno(), self._woken):
            self._poll.register(number, select.EPOLLIN)

    def serve(self, warden: Warden) -> None:
        """Until it is told to stop, and nothing runs."""
        self._warden, self._term = warden, warden.term
        while not (self._leaving and not warden.running() and not self._waiting):
            next_ms = warden.next_ms()
            left_s = -1 if next_ms is None else max(0, next_ms - now_ms()) / 1_000
            for number, _ in self._poll.poll(left_s):
                self._happened(number)
            warden.go_on()
            self._mind_pipes()
            self._tell_term()
            self._answer_waiting()
        self._listener.close()

    def leave(self) -> None:
        """End everything, and serve no longer."""
        self._leaving = True
        self._warden.term += 1
        self._warden.lease_until_ms = 0
        self._warden.kill_all()

    def changed(self, run: Run) -> None:
        """Tell those who want to know."""
        news = {"event": "run", **run.document()}
        for client in list(self._clients.values()):
            if client.watches or run.client is client:
                self._send(client, news)
        if run.state == ENDED and run.client is not None:
            self._warden.runs.pop(run.id, None)

    def _tell_term(self) -> None:
        if self._term != self._warden.term:
            self._term = self._warden.term
            for client in list(self._clients.values()):
                if client.watches:
                    self._send(client, {"event": "term", "term": self._term})

    # What comes.

    def _happened(self, number: int) -> None:
        if number == self._listener.fileno():
            self._accept()
        elif number == self._woken:
            with suppress(BlockingIOError):
                os.read(number, _PIECE_BYTES)
        elif number in self._clients:
            self._read(self._clients[number])
        elif number in self._outputs:
            run = self._outputs[number]
            if not run.take_output():
                run.silent = True
                del self._outputs[number]
                self._poll.unregister(number)
        elif number in self._told:
            self._hear_of_start(number, self._told[number])

    def _hear_of_start(self, number: int, run: Run) -> None:
        try:
            data = os.read(number, 4_096)
        except BlockingIOError:
            return
        if data:
            run.said += data
            return
        del self._told[number]
        self._poll.unregister(number)
        self._warden.begun(run)

    def _mind_pipes(self) -> None:
        """Listen to those of new runs, and forget those that are closed."""
        for known in (self._outputs, self._told):
            for file in [file for file, run in known.items() if file not in (run.output, run.told)]:
                del known[file]
        for run in self._warden.runs.values():
            for file, known in ((run.output, self._outputs), (run.told, self._told)):
                if file >= 0 and file not in known and not (known is self._outputs and run.silent):
                    with suppress(FileExistsError):
                        self._poll.register(file, select.EPOLLIN)
                    known[file] = run

    def _accept(self) -> None:
        client = accept(self._listener)
        if client is not None:
            self._clients[client.number] = client
            self._poll.register(client.number, select.EPOLLIN)

    def _read(self, client: Client) -> None:
        if client.is_behind:
            self._mind(client, client.flush())
        lines = client.receive()
        if lines is None:
            self._drop(client)
            return
        for line in lines:
            # Let go of at the answer to a line before, it would not be there to have a command ended with it.
            if not client.gone:
                self._take(client, line)

    def _take(self, client: Client, line: bytes) -> None:
        number = None
        try:
            question = json.loads(line)
            number = question.get("id")
            answer = self._asked[question["do"]](client, question)
        except Refused as exc:
            answer = {"error": str(exc)}
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            answer = {"error": f"not understood: {type(exc).__name__}: {exc}"}
        client.drop_files()
        if answer is not None and number is not None:
            self._send(client, {"id": number, **answer})

    def _send(self, client: Client, document: dict[str, Any]) -> None:
        self._mind(client, client.send(document))

    def _mind(self, client: Client, reads: bool) -> None:
        """Go on when there is room for what it has not read, or let go of it."""
        if not reads:
            self._drop(client)
        elif not client.gone:
            self._poll.modify(client.number, select.EPOLLIN | (select.EPOLLOUT if client.is_behind else 0))

    def _drop(self, client: Client) -> None:
        if client.gone:
            return
        del self._clients[client.number]
        self._poll.unregister(client.number)
        client.close()
        self._waiting = [each for each in self._waiting if each[0] is not client]
        for run in list(self._warden.runs.values()):
            if run.client is client:
                self._warden.signal(run, signal.SIGKILL)

    def _answer_waiting(self) -> None:
        due = [each for each in self._waiting if each[2]()]
        self._waiting = [each for each in self._waiting if each not in due]
        for client, number, _, answer in due:
            self._send(client, {"id": number, **answer()})

    def _later(
        self, client: Client, question: dict[str, Any], when: Callable[[], bool], answer: Callable[[], dict[str, Any]]
    ) -> None:
        self._waiting.append((client, question.get("id"), when, answer))

    # What is asked.

    def _hello(self, client: Client, question: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return {**self._about, "term": self._warden.term, "leaseUntil": self._warden.lease_until_ms}

    def _lease(self, client: Client, question: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        self._warden.renew(question["until"])
        return {"term": self._warden.term}

    def _start(self, client: Client, question: dict[str, Any]) -> None:
        run = Run(question["uid"], question["epoch"], question["container"], question["run"])
        what = Spawn(question["argv"], question["env"], question["cwd"], (), nice=question.get("nice", 0))
        limits = question.get("cpuMilli", 0), question.get("memoryBytes", 0)
        run = self._warden.start(run, what, question["log"], limits, question["term"])
        self._answer_begun(client, question, run)

    def _answer_begun(self, client: Client, question: dict[str, Any], run: Run) -> None:
        self._later(client, question, lambda: run.state in (RUNNING, ENDED), lambda: {"run": run.document()})

    def _command(self, client: Client, question: dict[str, Any]) -> dict[str, Any] | None:
        copy, name = (question["uid"], question["epoch"]), question["container"]
        inside = next(
            (
                each
                for each in self._warden.of(copy)
                if each.container == name and each.state == RUNNING and not each.ending and each.client is None
            ),
            None,
        )
        if inside is None:
            raise Refused(f"container {name!r} of {copy[0]} epoch {copy[1]} does not run")
        if question.get("check"):
            return {}
        client.commands += 1
        run = Run(*copy, name, f"command-{client.number}-{client.commands}-{now_ms()}", client)
        env = {**inside.env, **question.get("env", {})}
        files = tuple(client.files)
        what = Spawn(
            question["argv"], env, inside.cwd, files if len(files) == 3 else (), question.get("terminal", False)
        )
        run = self._warden.start(run, what._replace(group=inside.group), "", (0, 0), self._warden.term)
        self._answer_begun(client, question, run)
        return None

    def _signal(self, client: Client, question: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        run = self._warden.runs.get(question["run"])
        if run is None:
            raise Refused(f"there is no run {question['run']}")
        self._warden.signal(run, question["signal"])
        return {}

    def _kill(self, client: Client, question: dict[str, Any]) -> None:
        copy = question["uid"], question["epoch"]
        self._warden.kill(copy, for_good=question.get("forGood", True))
        self._later(client, question, lambda: not self._warden.running(copy), dict)

    def _kill_all(self, client: Client, question: dict[str, Any]) -> None:
        self._warden.term += 1
        self._warden.lease_until_ms = 0
        self._warden.kill_all()
        self._later(client, question, lambda: not self._warden.running(), lambda: {"term": self._warden.term})

    def _forget(self, client: Client, question: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        self._warden.forget((question["uid"], question["epoch"]))
        return {}

    def _list(self, client: Client, question: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return {"runs": [run.document() for run in self._warden.runs.values()]}

    def _use(self, client: Client, question: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return {"use": self._warden.use()}

    def _watch(self, client: Client, question: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        client.watches = True
        return {"term": self._warden.term, "runs": [run.document() for run in self._warden.runs.values()]}

    def _stop(self, client: Client, question: dict[str, Any]) -> None:
        self.leave()
        self._later(client, question, lambda: not self._warden.running(), dict)
