"""What all copies of pods on a node share."""

from __future__ import annotations

from typing import Callable, NamedTuple  # noqa: UP035  (Python 3.8)

from kube9.agent.alarms import Alarms
from kube9.agent.engine import Engine
from kube9.agent.images import Images
from kube9.agent.pool import Pool
from kube9.agent.runtime import News
from kube9.agent.site import Site
from kube9.agent.sweep import Sweep

__all__ = ["Tools"]


class Tools(NamedTuple):
    engine: Engine
    site: Site
    sweep: Sweep
    images: Images
    #: Where copies take their turns.
    starts: Pool
    probes: Pool
    alarms: Alarms
    news: News
    #: How many the engine's machine has.
    cpus: Callable[[], int]
    #: Called with the uid and epoch of a copy of which nothing is left.
    gone: Callable[[str, int], None]
