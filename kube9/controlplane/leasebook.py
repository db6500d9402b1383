"""How long a lease a node may still have, written down for the server that comes after this one."""

from __future__ import annotations

from collections.abc import Callable

from kube9.core.watch import with_drift

__all__ = ["LeaseBook"]


class LeaseBook:
    """Keeps what is stored at least as long as any lease that was given and is not over.

    A server that starts with shorter leases must not move pods off a node that got a longer one from the server before.

    :param write: makes the longest lease durable.
    """

    def __init__(self, write: Callable[[int], None]) -> None:
        self._write = write
        self._written_ms = 0
        #: When the lease that is written will be over for every node; ``None`` as long as it is still given.
        self._over_at_ms: int | None = None

    def open(self, earlier_ms: int, lease_ms: int) -> None:
        """Begin, before any lease is given.

        :param earlier_ms: the longest lease from the server before; 0 for none.
        :param lease_ms: what is given from now on.
        """
        self._put(max(earlier_ms, lease_ms))

    def settle(self, lease_ms: int, now_ms: int) -> None:
        """From now on a lease is so long: a longer one is written before it is given, a shorter one when that is true.

        :raises StoreUnavailable: it cannot be written now; the lease is not to be given.
        """
        if lease_ms > self._written_ms:
            self._put(lease_ms)
        elif lease_ms == self._written_ms:
            self._over_at_ms = None
        elif self._over_at_ms is None:
            self._over_at_ms = now_ms + with_drift(self._written_ms)
        elif now_ms >= self._over_at_ms:
            self._put(lease_ms)

    def _put(self, lease_ms: int) -> None:
        self._write(lease_ms)
        self._written_ms, self._over_at_ms = lease_ms, None
