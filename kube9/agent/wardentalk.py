"""A short talk with a warden, by a program with one thread."""

from __future__ import annotations

import array
import json
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from kube9.agent.wardenlink import WardenAway, WardenRefused, connect

__all__ = ["Talk", "question"]

_PIECE_BYTES = 65_536
_PATIENCE_S = 15.0


def question(folder: str, about: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ask the warden of a node one thing.

    :raises WardenAway, WardenRefused:
    """
    talk = Talk(folder)
    try:
        return talk.ask(about)
    finally:
        talk.close()


class Talk:
    """:raises WardenAway: there is none."""

    def __init__(self, folder: str) -> None:
        self._link = connect(folder)
        self._link.settimeout(_PATIENCE_S)
        self._received = b""
        #: What came that was not asked for.
        self.events: list[Mapping[str, Any]] = []

    def fileno(self) -> int:
        """For a ``poll``."""
        return self._link.fileno()

    def ask(self, about: Mapping[str, Any], files: Sequence[int] = ()) -> Mapping[str, Any]:
        """:raises WardenAway, WardenRefused:"""
        data = json.dumps({**about, "id": 1}).encode("ascii") + b"\n"
        try:
            if files:
                rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))]
                data = data[self._link.sendmsg([data], rights) :]
            self._link.sendall(data)
        except OSError as exc:
            raise WardenAway(f"the warden is gone: {exc}") from exc
        while True:
            answer = None
            for document in self._more():
                if "id" in document:
                    answer = document
                else:
                    self.events.append(document)
            if answer is not None:
                if "error" in answer:
                    raise WardenRefused(answer["error"])
                return answer

    def listen(self) -> None:
        """Take in what has come; waits for it.

        :raises WardenAway:
        """
        self.events += self._more()

    def close(self) -> None:
        self._link.close()

    def _more(self) -> list[Mapping[str, Any]]:
        try:
            data = self._link.recv(_PIECE_BYTES)
        except OSError as exc:
            raise WardenAway(f"the warden does not answer: {exc}") from exc
        if not data:
            raise WardenAway("the warden is gone")
        *lines, self._received = (self._received + data).split(b"\n")
        return [json.loads(line) for line in lines]
