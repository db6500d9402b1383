"""The copies of pods that a runtime looks after, by uid and epoch."""

from __future__ import annotations

import threading
from typing import Callable, Dict, Generic, List, Tuple, TypeVar  # noqa: UP035  (Python 3.8)

__all__ = ["Copies"]

_Copy = TypeVar("_Copy")


class Copies(Generic[_Copy]):
    """Any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._copies: Dict[Tuple[str, int], _Copy] = {}  # noqa: UP006

    def add(self, key: tuple[str, int], make: Callable[[], _Copy]) -> _Copy | None:
        """Make one; ``None`` where there is one already."""
        with self._lock:
            if key in self._copies:
                return None
            copy = self._copies[key] = make()
            return copy

    def get(self, uid: str, epoch: int) -> _Copy | None:
        with self._lock:
            return self._copies.get((uid, epoch))

    def all(self) -> List[_Copy]:  # noqa: UP006
        with self._lock:
            return list(self._copies.values())

    def forget(self, uid: str, epoch: int) -> None:
        """Nothing of it is left."""
        with self._lock:
            self._copies.pop((uid, epoch), None)
