"""A port for a server of a test, which nobody else gets before that listens, nor while it is away."""

from __future__ import annotations

import socket
from types import TracebackType

__all__ = ["ReservedPort"]


class ReservedPort:
    """A port of this machine that stays bound until :meth:`close`.

    The system gives it to nobody, and who connects is refused, as long as no server listens there. One that is told the
    port can: both sockets have ``SO_REUSEADDR``, which servers set.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._bound = socket.socket()
        self._bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._bound.bind((host, 0))
        #: Its number.
        self.number: int = self._bound.getsockname()[1]

    def close(self) -> None:
        """Let others have it; a server that listens there goes on."""
        self._bound.close()

    def __enter__(self) -> int:
        return self.number

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        self.close()
