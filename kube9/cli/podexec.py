"""A command in a container of a pod, with this process's stdin, stdout and stderr as its own."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from kube9.cli.several import tell
from kube9.cli.terminal import lent_terminal, size_changes, terminal_size
from kube9.core.errors import ApiError, Kube9Error

if TYPE_CHECKING:
    from kube9.client import Command

__all__ = ["attach"]

STDERR = 2

_PIECE_BYTES = 65_536
#: What is said through the pipe to the thread that sends.
_RESIZE, _QUIT = b"r", b"q"


def attach(command: Command, *, interactive: bool, terminal: bool) -> int:
    """Hand on whatever is written on either side until ``command`` has ended; its exit code.

    :param interactive: it reads our stdin; otherwise its input ends at once.
    :param terminal: it has a terminal, the size of which follows ours.
    """
    with ExitStack() as held:
        if interactive or terminal:
            say = held.enter_context(_sender(command, interactive=interactive))
            if terminal:
                held.enter_context(size_changes(lambda: say(_RESIZE)))
            if terminal and interactive:
                held.enter_context(lent_terminal())
        if not interactive:
            command.close_input()
        _show(command)
    if command.exit_code is None:
        raise ApiError("it is not known how the command ended")
    return command.exit_code


def _show(command: Command) -> None:
    streams = sys.stdout.buffer, sys.stderr.buffer
    for number, data in command.output():
        stream = streams[number == STDERR]
        stream.write(data)
        stream.flush()


class _Say:
    """Puts a word into a pipe; also from a signal handler."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __call__(self, word: bytes) -> None:
        os.write(self._fd, word)


@contextmanager
def _sender(command: Command, *, interactive: bool) -> Iterator[_Say]:
    """A thread that sends what is typed and what is said to it; requests are none of a signal handler's business."""
    ear, bell = os.pipe()
    say = _Say(bell)
    thread = threading.Thread(target=_send, args=(command, ear, interactive), name="kube9-stdin", daemon=True)
    thread.start()
    try:
        yield say
    finally:
        say(_QUIT)
        # It may still be sending to a command that reads no more, for which nobody here waits.
        thread.join(1.0)
        if not thread.is_alive():
            os.close(ear)
            os.close(bell)


def _send(command: Command, ear: int, interactive: bool) -> None:
    # Not sys.stdin itself, at whose lock Python would stumble when the process ends while a thread reads.
    stdin = sys.stdin.fileno() if interactive else -1
    waiting = [ear, stdin] if interactive else [ear]
    try:
        while True:
            ready, _, _ = select.select(waiting, [], [])
            if ear in ready:
                said = os.read(ear, _PIECE_BYTES)
                if _QUIT in said:
                    return
                command.resize(*terminal_size())
            if stdin in ready and not _pass_on(command, stdin):
                waiting = [ear]
    except Kube9Error as exc:
        tell(exc)


def _pass_on(command: Command, stdin: int) -> bool:
    """Whether there can be more."""
    try:
        data = os.read(stdin, _PIECE_BYTES)
    except OSError:  # a terminal that has gone
        data = b""
    if data:
        command.write(data)
    else:
        command.close_input()
    return bool(data)
