from __future__ import annotations

from kube9.core import events as e
from kube9.testing import strategies

HEARD = (
    *(e.NodeReady, e.NodeFailed, e.NodeFenced, e.NodeLost, e.NodeDrained, e.MovesHeld, e.MovesResumed),
    *(e.PodBound, e.PodEvicted, e.PodRunning, e.PodReady, e.PodUnready, e.ContainerRestarted, e.PodFinished),
)
KINDS = {kind.__name__: lambda event, kind=kind: type(event) is kind for kind in HEARD}


def test_there_are_events_of_every_kind_that_a_hook_hears(never_met):
    assert never_met(KINDS, strategies.events()) == set()
