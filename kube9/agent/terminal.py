"""A terminal for a command, between it and the input and output of this process."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import termios
import tty
from contextlib import suppress
from typing import Any, Callable  # noqa: UP035  (Python 3.8)

__all__ = ["Terminal", "resize"]

_PIECE_BYTES = 65_536
_SIZE = struct.Struct("HHHH")


def resize(file: int, rows: int, columns: int) -> None:
    """Whatever runs at it is told."""
    fcntl.ioctl(file, termios.TIOCSWINSZ, _SIZE.pack(rows, columns, 0, 0))


class Terminal:
    """Where the input is a terminal itself, its size is followed."""

    def __init__(self, rows: int, columns: int) -> None:
        self.outside, self.inside = os.openpty()
        self._before: Any = None
        if os.isatty(0):
            self._before = termios.tcgetattr(0)
            tty.setraw(0)
            signal.signal(signal.SIGWINCH, lambda *_: self._follow())
            self._follow()
        elif rows and columns:
            resize(self.inside, rows, columns)

    @property
    def name(self) -> str:
        """Of the device that the command sees."""
        return os.ttyname(self.inside)

    def hand_over(self) -> None:
        """The command has it by now."""
        os.close(self.inside)

    def carry(self, link: int, ended: Callable[[], bool], *, over: bool = False) -> None:
        """Carry what is written either way, until the command has ended and all of it was carried.

        :param link: readable when ``ended`` should be asked.
        :param over: whether it has ended already.
        """
        poll = select.poll()
        poll.register(self.outside, select.POLLIN)
        poll.register(0, select.POLLIN)
        poll.register(link, select.POLLIN)
        while True:
            happened = dict(poll.poll(0 if over else None))
            if self.outside in happened and not self._carry_out():
                if over:
                    return
                poll.unregister(self.outside)
            elif over:
                return
            if 0 in happened and not self._carry_in():
                poll.unregister(0)
            if link in happened and not over:
                over = ended()
                if over:
                    poll.unregister(link)

    def restore(self) -> None:
        """Leave everything as it was."""
        with suppress(OSError):
            os.close(self.outside)
        if self._before is not None:
            termios.tcsetattr(0, termios.TCSADRAIN, self._before)

    def _carry_out(self) -> bool:
        try:
            data = os.read(self.outside, _PIECE_BYTES)
        except OSError:  # nobody has the other side any more
            return False
        _write(1, data)
        return bool(data)

    def _carry_in(self) -> bool:
        data = os.read(0, _PIECE_BYTES)
        # What ends the input of whoever reads at a terminal.
        _write(self.outside, data or b"\x04")
        return bool(data)

    def _follow(self) -> None:
        with suppress(OSError):
            size = fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(_SIZE.size))
            fcntl.ioctl(self.outside, termios.TIOCSWINSZ, size)


def _write(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]
