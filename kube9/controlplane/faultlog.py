"""Puts into the log what schedulers and filters failed in, each failure once."""

from __future__ import annotations

import logging

from kube9.controlplane.once import Once
from kube9.core.events import SchedulerFailed

__all__ = ["FaultLog"]

_log = logging.getLogger(__name__)


class FaultLog:
    """Remembers what it has told, since a pod that waits fails again with each try."""

    def __init__(self) -> None:
        self._once = Once()

    def hear(self, event: SchedulerFailed) -> None:
        # A message names the plugin, and none of the pods of a shape.
        if self._once.first(event.message):
            _log.error("%s; first for pod %s; it is tried again, and not told again", event.message, event.pod.name)
