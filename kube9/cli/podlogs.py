"""The logs of pods on stdout: of one as they are, of several line by line, each with its pod before it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kube9.cli.several import tell
from kube9.core.errors import InvalidInput, Kube9Error

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["show_log", "show_logs", "whose_logs"]

#: Each holds a connection here and a thread of the server.
FOLLOWED_MAX = 20


def whose_logs(client: Client, name: str | None, selector: str | None, namespace: str, *, follow: bool) -> list[str]:
    """The names of the pods that are meant.

    :raises InvalidInput: neither or both ways were used to say so, or they are too many.
    """
    if (name is None) == (selector is None):
        raise InvalidInput("name a pod, or pods with these labels by --selector; one of the two")
    if name is not None:
        return [name]
    names = [str(pod["metadata"]["name"]) for pod in client.pods(namespace=namespace, selector=selector)]
    if follow and len(names) > FOLLOWED_MAX:
        raise InvalidInput(f"{len(names)} pods have these labels, and at most {FOLLOWED_MAX} can be followed at a time")
    return names


def show_log(pieces: Iterable[bytes]) -> None:
    """Write one log as it comes."""
    stdout = sys.stdout.buffer
    for piece in pieces:
        stdout.write(piece)
        stdout.flush()


def show_logs(names: Sequence[str], read: Callable[[str], Iterator[bytes]], *, follow: bool) -> int:
    """Write several, one after the other or, where they are followed, as they come; what went wrong is told.

    :param read: opens the log of one.
    :return: the exit code.
    """
    several = _Several(names, read)
    if not follow:
        for name in names:
            several.show(name)
        return several.code
    threads = [threading.Thread(target=several.show, args=(name,), daemon=True) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return several.code


class _Several:
    def __init__(self, names: Sequence[str], read: Callable[[str], Iterator[bytes]]) -> None:
        self._width = max(map(len, names), default=0)
        self._read = read
        self._lock = threading.Lock()
        self.code = 0

    def show(self, name: str) -> None:
        """Write one of them; lines are never cut in two by those of others."""
        head = f"{name:{self._width}}  ".encode()
        try:
            for line in _lines(self._read(name)):
                self._write(head + line + b"\n")
        except Kube9Error as exc:
            with self._lock:
                self.code = tell(exc)

    def _write(self, line: bytes) -> None:
        stdout: Any = sys.stdout.buffer
        with self._lock:
            stdout.write(line)
            stdout.flush()


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
    if rest:
        yield rest
