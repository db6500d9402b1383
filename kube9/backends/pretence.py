"""A command that runs in a container in memory, which is to say that it is pretended."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from kube9.backends.pretendedshell import STDERR, STDOUT, Size, Spoken, run_command, run_script

__all__ = ["KILLED", "PretendedCommand"]

#: The exit code of a command whose container ends.
KILLED = 137
_INTERRUPTED = 130
#: So much may be written before somebody reads it; then whoever writes has to wait, as at a pipe.
_UNREAD_MAX = 1024 * 1024
#: What Ctrl-C and Ctrl-D send.
_INTERRUPT, _END = b"\x03", b"\x04"
#: These have all they need and read nothing.
_AT_ONCE = frozenset({"echo", "exit", "false", "stty", "true"})


class PretendedCommand:
    """Does one of these:

    - ``true``, ``false``, ``exit N``, ``echo WORDS [>&2]`` and ``stty size`` do what they say;
    - ``sh -c SCRIPT`` runs some of these, parted by ``;``; ``sh`` runs each line that it reads;
    - any other writes what it reads, like ``cat``, until its input ends. Where there was nothing to read it writes what
      it is: ``ls -l``. Only ``cat`` itself writes nothing then.

    A terminal shows what is typed; Ctrl-D ends the input, and Ctrl-C the command.
    """

    def __init__(self, command: Sequence[str], *, terminal: bool = False) -> None:
        self._command, self._terminal = tuple(command), terminal
        self._shell = self._command == ("sh",)
        self._size = Size()
        self._changed = threading.Condition()
        self._unread: deque[tuple[int, bytes]] = deque()
        self._unread_bytes = 0
        self._exit_code: int | None = None
        self._last_code = 0
        self._closed = self._heard = False
        #: The beginning of a line that has not ended yet.
        self._line = b""
        with self._changed:
            self._begin()

    def output(self) -> Iterator[tuple[int, bytes]]:
        """What it writes, as it comes, to whoever reads first."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._unread or self._over)
                if self._closed or not self._unread:
                    return
                piece = self._unread.popleft()
                self._unread_bytes -= len(piece[1])
                self._changed.notify_all()
            yield piece

    def write(self, data: bytes) -> None:
        """Give it something to read; nothing once it has ended. Waits while too much is unread of what it wrote."""
        with self._changed:
            self._changed.wait_for(lambda: self._unread_bytes < _UNREAD_MAX or self._over)
            if data and not self._over:
                self._heard = True
                if self._terminal:
                    self._type(data)
                else:
                    self._read(data)

    def close_input(self) -> None:
        """Its input has ended."""
        with self._changed:
            self._end_input()

    def resize(self, rows: int, columns: int) -> None:
        """As ``stty size`` will tell."""
        with self._changed:
            self._size = Size(rows, columns)

    def exit_code(self) -> int | None:
        """What it ended with; ``None`` as long as it runs."""
        return self._exit_code

    def close(self) -> None:
        """Whoever reads its output is at the end of it, and so is what it reads."""
        with self._changed:
            self._end_input()
            self._closed = True
            self._changed.notify_all()

    def kill(self) -> None:
        """Its container ends, and it with it."""
        with self._changed:
            self._end(KILLED)

    # What is below is called with the lock held.

    @property
    def _over(self) -> bool:
        return self._closed or self._exit_code is not None

    def _begin(self) -> None:
        name, *given = self._command
        if name in _AT_ONCE:
            self._say([run_command(self._command, self._terminal_size)])
        elif name == "sh" and given[:1] == ["-c"]:
            self._say(run_script(" ".join(given[1:2]), self._terminal_size))
        else:
            return
        self._end(self._last_code)

    @property
    def _terminal_size(self) -> Size | None:
        return self._size if self._terminal else None

    def _type(self, data: bytes) -> None:
        """What a terminal makes of keys: it shows them, and hands on whole lines."""
        for at in range(len(data)):
            key = data[at : at + 1]
            if self._over:
                return
            if key == _INTERRUPT:
                self._write(STDOUT, b"^C\n")
                self._end(_INTERRUPTED)
            elif key == _END:
                self._end_input()
            elif key in (b"\r", b"\n"):
                self._write(STDOUT, b"\n")
                line, self._line = self._line + b"\n", b""
                self._take(line)
            else:
                self._write(STDOUT, key)
                self._line += key

    def _read(self, data: bytes) -> None:
        """What a pipe hands on: a shell reads it line by line, anything else as it comes."""
        if not self._shell:
            self._take(data)
            return
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            if not self._over:
                self._take(line)

    def _take(self, data: bytes) -> None:
        if not self._shell:
            self._write(STDOUT, data)
            return
        for said in run_script(data.decode(errors="replace"), self._terminal_size):
            self._say([said])
            if said.last:
                self._end(said.code)

    def _end_input(self) -> None:
        if self._over:
            return
        if self._line:
            line, self._line = self._line, b""
            self._take(line)
        if not self._heard and not self._shell and self._command != ("cat",):
            self._say([run_command(self._command, self._terminal_size)])
        self._end(self._last_code)

    def _say(self, spoken: Iterable[Spoken]) -> None:
        for said in spoken:
            self._last_code = said.code
            self._write(said.stream, said.text.encode())

    def _write(self, stream: int, data: bytes) -> None:
        if self._terminal:
            stream, data = STDOUT, data.replace(b"\n", b"\r\n")
        if data:
            self._unread.append((STDERR if stream == STDERR else STDOUT, data))
            self._unread_bytes += len(data)
            self._changed.notify_all()

    def _end(self, code: int) -> None:
        if self._exit_code is None:
            self._exit_code = code
        self._changed.notify_all()
