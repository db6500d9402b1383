"""What really runs, as nobody within the cluster can see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from kube9.core.errors import InvariantViolation

__all__ = ["Truth"]


class Truth:
    """Every copy that runs, by pod, and where. A copy on a machine that stands still does not run.

    :param now_ms: tells the time, for those who want to know since when.
    """

    def __init__(self, now_ms: Callable[[], int] = lambda: 0) -> None:
        self._now_ms = now_ms
        #: Since when each machine is down that was up before.
        self.down_since_ms: dict[str, int] = {}
        #: How long each pod has run, without the copy that runs now; and since when that does.
        self._ran_ms: Counter[str] = Counter()
        self._runs_since_ms: dict[str, int] = {}
        self._running: dict[str, dict[tuple[str, int], None]] = {}
        self._ever: set[tuple[str, int]] = set()
        #: The most that ever ran of one pod at a time.
        self.most = 0
        #: How long each pod ran twice, up to the last change; and since when some do.
        self._twice_ms: Counter[str] = Counter()
        self._twice_since_ms: dict[str, int] = {}
        self.starts = self.kills = 0

    def began(self, uid: str, epoch: int, place: str) -> None:
        """A copy runs from now on.

        :raises InvariantViolation: another one runs, or one of that epoch ran before.
        """
        if (uid, epoch) in self._ever:
            raise InvariantViolation(f"epoch {epoch} of pod {uid} is started a second time, on {place}")
        self._ever.add((uid, epoch))
        self.starts += 1
        self.goes_on(uid, epoch, place)

    def goes_on(self, uid: str, epoch: int, place: str) -> None:
        """A copy that stood still runs again.

        :raises InvariantViolation: another one runs.
        """
        copies = self._running.setdefault(uid, {})
        copies[place, epoch] = None
        self._runs_since_ms.setdefault(uid, self._now_ms())
        self.most = max(self.most, len(copies))
        if len(copies) > 1:
            self._twice_since_ms.setdefault(uid, self._now_ms())
            raise InvariantViolation(f"two copies of pod {uid} run: {', '.join(map(str, copies))}")

    def ended(self, uid: str, epoch: int, place: str) -> None:
        """It does not run any more, if it did."""
        copies = self._running.get(uid)
        if copies is not None:
            copies.pop((place, epoch), None)
            if len(copies) < 2 and uid in self._twice_since_ms:
                self._twice_ms[uid] += self._now_ms() - self._twice_since_ms.pop(uid)
            if not copies:
                del self._running[uid]
                self._ran_ms[uid] += self._now_ms() - self._runs_since_ms.pop(uid)

    def ran_ms(self, uid: str) -> int:
        """For how long a pod has run so far."""
        since_ms = self._runs_since_ms.get(uid)
        return self._ran_ms[uid] + (0 if since_ms is None else self._now_ms() - since_ms)

    @property
    def twice_ms(self) -> int:
        """For how long two copies of a pod ran, over all pods."""
        return self._twice_ms.total() + sum(self._now_ms() - since_ms for since_ms in self._twice_since_ms.values())

    def went_down(self, place: str) -> None:
        """A machine is down."""
        self.down_since_ms.setdefault(place, self._now_ms())

    def came_up(self, place: str) -> None:
        """A machine is up."""
        self.down_since_ms.pop(place, None)

    def where(self, uid: str) -> list[tuple[str, int]]:
        """The machine and epoch of each copy of a pod that runs."""
        return list(self._running.get(uid, ()))

    @property
    def pods(self) -> list[str]:
        """The pods of which anything runs."""
        return list(self._running)
