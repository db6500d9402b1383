"""How many sessions one connection may have at a time."""

from __future__ import annotations

import threading
import time

from kube9.backends.ssh.failures import MachineAway

__all__ = ["Turns"]


class Turns:
    """Takes turns on a connection; where its machine refuses one, it is never asked for so many again.

    :param most: at a time. Those that may last are one fewer, so that there is always one for what is short.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._condition = threading.Condition()
        self._used = self._lasting = 0

    @property
    def used(self) -> int:
        """How many there are just now."""
        return self._used

    def take(self, timeout_s: float, *, lasting: bool = False) -> int:
        """Wait for a turn; how many there are with it.

        :raises MachineAway: none came free.
        """
        end_s = time.monotonic() + timeout_s
        with self._condition:
            while self._used >= self.most or (lasting and self._lasting >= max(1, self.most - 1)):
                if not self._condition.wait(max(0.0, end_s - time.monotonic())):
                    raise MachineAway(
                        f"all {self.most} sessions of the connection are in use; close a log or a command that runs "
                        "there, or let the machine's sshd allow more (MaxSessions)"
                    )
            self._used += 1
            self._lasting += lasting
            return self._used

    def give_back(self, *, lasting: bool = False) -> None:
        """A turn is over."""
        with self._condition:
            self._used -= 1
            self._lasting -= lasting
            self._condition.notify_all()

    def refused(self, used: int) -> None:
        """The machine refuses a session that would be so many, the turn of which is over: fewer from now on."""
        with self._condition:
            self.most = max(1, min(self.most, used - 1))
