"""What waits for the loop: requests, which somebody wants answered, and everything else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from kube9.core.errors import Kube9Error, Overloaded
from kube9.core.stimuli import Stimulus

if TYPE_CHECKING:
    from kube9.controlplane.turn import Turn

__all__ = ["LATER", "Errand", "Inbox", "Item", "Later", "Request", "Stop"]

T = TypeVar("T")

#: Something to do on the loop's thread that nobody waits for.
Errand = Callable[["Turn"], object]


class Stop:
    """The last item: the loop ends once the turn with it is over."""


class Later(Enum):
    """What a request comes to that is not answered with its turn."""

    LATER = "later"


#: Returned in place of an answer by whoever sees to it that there will be one.
LATER = Later.LATER


class Request(Generic[T]):
    """Something to do on the loop's thread, and the slot for its answer.

    :param do: what to do; a :class:`Kube9Error` that it raises is the answer.
    :param weight: how many stimuli it stands for.
    :param reads: it is done also while nothing can be stored, and changes nothing then.
    """

    __slots__ = ("_answered", "_error", "_hear", "_result", "do", "reads", "weight")

    def __init__(self, do: Callable[[Turn], T | Later], *, weight: int = 1, reads: bool = False) -> None:
        self.do, self.weight, self.reads = do, weight, reads
        self._result: T | None = None
        self._error: BaseException | None = None
        self._hear: Callable[[Request[T]], object] | None = None
        # A bare lock that the answer opens: a tenth of what an Event costs, and there is one for each request.
        self._answered = threading.Lock()
        self._answered.acquire()

    def answer(self, result: T) -> None:
        self._result = result
        self._tell()

    def refuse(self, error: BaseException) -> None:
        self._error = error
        self._tell()

    def wait(self) -> T:
        """The answer, as soon as there is one. To be called once, and not beside :meth:`then`."""
        self._answered.acquire()
        return self.result()

    def then(self, hear: Callable[[Request[T]], object]) -> None:
        """Have ``hear`` called once there is an answer, from the thread that gives it or from this one."""
        self._hear = hear
        self._tell_once(hear)

    def result(self) -> T:
        """The answer that there is."""
        if self._error is not None:
            raise self._error
        return cast("T", self._result)

    def _tell(self) -> None:
        self._answered.release()
        if self._hear is not None:
            self._tell_once(self._hear)

    def _tell_once(self, hear: Callable[[Request[T]], object]) -> None:
        # Whoever of the two that come here shuts the lock again is the one to call.
        if self._answered.acquire(blocking=False):
            hear(self)


Item = Stimulus | Request[object] | Errand | Stop


class Inbox:
    """A queue with one reader. Only requests can be refused; they are counted by their weight.

    :param limit: of what may wait; one request alone may be heavier.
    """

    def __init__(self, limit: int) -> None:
        self._queue: SimpleQueue[Item] = SimpleQueue()
        self._limit = limit
        self._lock = threading.Lock()
        self._weight = 0
        self._refusal: Callable[[], Kube9Error] | None = None
        self._shut_for_good = False

    def ask(self, request: Request[T]) -> Request[T]:
        """Put a request in.

        :raises Overloaded: too much waits already.
        :raises Kube9Error: why none is taken on.
        """
        with self._lock:
            if self._refusal is not None and (self._shut_for_good or not request.reads):
                raise self._refusal()
            if self._weight and self._weight + request.weight > self._limit:
                raise Overloaded(
                    f"{self._weight} requests wait already, and {self._limit} is the most; try again in a moment"
                )
            self._weight += request.weight
            self._queue.put(cast("Request[object]", request))
        return request

    def put(self, item: Item) -> None:
        """Put in something that nobody waits for; never refused."""
        self._queue.put(item)

    def take(self, weight_max: int, timeout_s: float | None = None) -> list[Item]:
        """Everything that waits, up to a weight and at least one item; nothing if none came in time."""
        items: list[Item] = []
        weight = asked = 0
        try:
            items.append(self._first(timeout_s))
            while True:
                item = items[-1]
                if type(item) is Request:
                    asked += item.weight
                    weight += item.weight
                else:
                    weight += 1
                if weight >= weight_max:
                    break
                items.append(self._queue.get_nowait())
        except Empty:
            pass
        if asked:
            with self._lock:
                self._weight -= asked
        return items

    def _first(self, timeout_s: float | None) -> Item:
        """The item that waits longest.

        Looked for without a timeout before with one: a ``SimpleQueue`` that was filled while its reader did not
        wait lets the next wait through once, finds nothing, and takes the rest of the timeout, which is negative
        when the machine stalled there, for no timeout at all (CPython 3.10).

        :raises Empty: nothing came in time.
        """
        try:
            return self._queue.get_nowait()
        except Empty:
            if timeout_s is not None and timeout_s <= 0:
                raise
            return self._queue.get(timeout=timeout_s)

    def refuse(self, why: Callable[[], Kube9Error], *, for_good: bool = False) -> None:
        """Take on no request from now on but those that only read; with ``for_good``, not even those."""
        with self._lock:
            if not self._shut_for_good:
                self._refusal, self._shut_for_good = why, for_good

    def accept(self) -> None:
        """Take on requests again, unless they are refused for good."""
        with self._lock:
            if not self._shut_for_good:
                self._refusal = None

    def __len__(self) -> int:
        return self._queue.qsize()
