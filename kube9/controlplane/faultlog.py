"""Puts into the log what schedulers and filters failed in, each failure once."""

from __future__ import annotations

import logging

from kube9.core.events import SchedulerFailed

__all__ = ["FaultLog"]

_log = logging.getLogger(__name__)

#: Failures remembered; beyond that all are forgotten, and may be told again.
_REMEMBERED_MAX = 1_000


class FaultLog:
    """Remembers what it has told, since a pod that waits fails again with each try."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def hear(self, event: SchedulerFailed) -> None:
        # A message names the plugin, and none of the pods of a shape.
        if event.message in self._known:
            return
        if len(self._known) >= _REMEMBERED_MAX:
            self._known.clear()
        self._known.add(event.message)
        _log.error("%s; first for pod %s; it is tried again, and not told again", event.message, event.pod.name)
