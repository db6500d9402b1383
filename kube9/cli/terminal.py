"""The terminal that kube9 runs in, lent to a command that runs elsewhere."""

from __future__ import annotations

import os
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from kube9.core.errors import InvalidInput

__all__ = ["lent_terminal", "size_changes", "terminal_size"]

#: Whoever ends us with one of these wants the terminal back as it was, too.
_ENDING = (signal.SIGTERM, signal.SIGHUP)


def terminal_size() -> tuple[int, int]:
    """Rows and columns of the terminal that is stdin.

    :raises InvalidInput: it is none.
    """
    try:
        columns, rows = os.get_terminal_size(sys.stdin.fileno())
    except (OSError, ValueError) as exc:
        raise InvalidInput("--tty needs a terminal, and stdin is none; leave --tty out") from exc
    # Some have no size, such as those that programs make.
    return rows or 24, columns or 80


@contextmanager
def lent_terminal() -> Iterator[None]:
    """Hand on each key as it is pressed, Ctrl-C too, and show none; as it was before in any case in the end."""
    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    handlers = {number: signal.signal(number, _end) for number in _ENDING}
    try:
        # What was typed already is kept for whoever is to read it.
        tty.setraw(fd, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextmanager
def size_changes(told: Callable[[], None]) -> Iterator[None]:
    """Call ``told``, in a signal handler, whenever the terminal gets another size."""
    before = signal.signal(signal.SIGWINCH, lambda *_: told())
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
