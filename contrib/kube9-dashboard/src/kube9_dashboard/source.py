"""What the pages know of the cluster: asked of the server, shared among all who look, and kept while it is away."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

from attrs import evolve, frozen

import kube9

__all__ = ["Answer", "Source"]

T = TypeVar("T")

#: Of what was asked for, the latest so many are kept.
_KEPT = 300
#: After a failure nothing is asked for this long, so that a page with five questions waits once and not five times.
_PAUSE_S = 0.8


@frozen(kw_only=True)
class Answer(Generic[T]):
    """What is known of something."""

    value: T | None
    #: When it was so, in seconds of the clock; ``None`` where it was never known.
    at_s: float | None
    #: Why it is not known any better now; empty where it is.
    trouble: str = ""


@frozen
class _Known:
    value: Any
    at_s: float
    #: As for how fresh it is; long ago where it is not to be given again.
    asked_s: float
    version: object


class Source:
    """Asks one server. Threads may share it.

    :param connect: makes a client; called anew after each failure, for a server that comes back may be elsewhere.
    :param clock: seconds that only grow.
    """

    def __init__(
        self, connect: Callable[[], kube9.Client], *, fresh_s: float = 0.9, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._connect, self._fresh_s, self._clock = connect, fresh_s, clock
        self._lock = Lock()
        self._client: kube9.Client | None = None
        self._known: OrderedDict[Hashable, _Known] = OrderedDict()
        self._trouble = ""
        self._away_since_s: float | None = None
        self._failed_at_s = 0.0

    @property
    def trouble(self) -> str:
        """Why the server cannot be asked; empty where it can."""
        return self._trouble

    @property
    def away_s(self) -> float:
        """For how long it has been away."""
        return 0.0 if self._away_since_s is None else self._clock() - self._away_since_s

    def ask(
        self,
        key: Hashable,
        question: Callable[[kube9.Client], T],
        *,
        version: object = None,
        fresh_s: float | None = None,
    ) -> Answer[T]:
        """What ``question`` finds out, unless that was asked a moment ago; while the server is away, what it was last.

        :param key: tells this question from others.
        :param version: an answer to another version of the question is not given again, however fresh.
        :param fresh_s: how old an answer may be that is given again.
        :raises kube9.Kube9Error: the server refuses.
        """
        now_s = self._clock()
        known = self._known.get(key)
        fresh_s = self._fresh_s if fresh_s is None else fresh_s
        if known is not None and known.version == version and now_s - known.asked_s < fresh_s:
            return Answer(value=known.value, at_s=known.at_s)
        if self._trouble and now_s - self._failed_at_s < _PAUSE_S:
            return self._last(key)
        try:
            value = question(self._connected())
        except kube9.Kube9Error as exc:
            if _refused(exc):
                raise
            self._failed(exc)
            return self._last(key)
        self._succeeded()
        self._keep(key, _Known(value, self._clock(), self._clock(), version))
        return Answer(value=value, at_s=self._clock())

    def tell(self, order: Callable[[kube9.Client], T]) -> T:
        """Have something done; whatever is asked after that is asked anew.

        :raises kube9.Kube9Error: it was refused, or the server is away.
        """
        try:
            return order(self._connected())
        finally:
            with self._lock:
                self._known = OrderedDict((key, evolve(known, asked_s=-1e9)) for key, known in self._known.items())

    def _connected(self) -> kube9.Client:
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _last(self, key: Hashable) -> Answer[Any]:
        known = self._known.get(key)
        trouble = self._trouble or "the server is away"
        if known is None:
            return Answer(value=None, at_s=None, trouble=trouble)
        return Answer(value=known.value, at_s=known.at_s, trouble=trouble)

    def _keep(self, key: Hashable, known: _Known) -> None:
        with self._lock:
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)

    def _succeeded(self) -> None:
        self._trouble, self._away_since_s = "", None

    def _failed(self, exc: kube9.Kube9Error) -> None:
        with self._lock:
            # Not closed: another thread may still read from it, and a connection that nobody holds closes by itself.
            self._client = None
            self._failed_at_s = self._clock()
            self._trouble = str(exc)
            if self._away_since_s is None:
                self._away_since_s = self._failed_at_s


def _refused(exc: kube9.Kube9Error) -> bool:
    """Whether a server answered, and will say so again; one that is not ready, or is new to the token, may not."""
    return getattr(exc, "status", 0) not in (0, 401, 429, 503)
