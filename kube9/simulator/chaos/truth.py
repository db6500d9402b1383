"""What really runs, as nobody within the cluster can see it."""

from __future__ import annotations

from kube9.core.errors import InvariantViolation

__all__ = ["Truth"]


class Truth:
    """Every copy that runs, by pod, and where. A copy on a machine that stands still does not run."""

    def __init__(self) -> None:
        self._running: dict[str, dict[tuple[str, int], None]] = {}
        self._ever: set[tuple[str, int]] = set()
        #: The most that ever ran of one pod at a time.
        self.most = 0
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
        self.most = max(self.most, len(copies))
        if len(copies) > 1:
            raise InvariantViolation(f"two copies of pod {uid} run: {', '.join(map(str, copies))}")

    def ended(self, uid: str, epoch: int, place: str) -> None:
        """It does not run any more, if it did."""
        copies = self._running.get(uid)
        if copies is not None:
            copies.pop((place, epoch), None)
            if not copies:
                del self._running[uid]

    def where(self, uid: str) -> list[tuple[str, int]]:
        """The machine and epoch of each copy of a pod that runs."""
        return list(self._running.get(uid, ()))

    @property
    def pods(self) -> list[str]:
        """The pods of which anything runs."""
        return list(self._running)
