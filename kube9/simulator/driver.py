"""One cluster under simulation, and all who hear what happens in it."""

from __future__ import annotations

from kube9.core import events
from kube9.core.cluster import Cluster
from kube9.core.errors import PluginError
from kube9.core.outcome import Outcome
from kube9.core.stimuli import Stimulus
from kube9.simulator.recorder import Recorder
from kube9.simulator.workshop import Announcer

__all__ = ["Driver"]


class Driver:
    """Hands stimuli to the cluster, and the events that come of them to the recorder and to plugins."""

    def __init__(self, cluster: Cluster, recorder: Recorder, door: Announcer, *, check_steps: bool = False) -> None:
        self.cluster = cluster
        self.recorder = recorder
        self._door = door
        self._check_steps = check_steps

    def handle(self, stimulus: Stimulus) -> Outcome:
        """Let the cluster handle ``stimulus``.

        :raises PluginError: the scheduler or a filter broke its contract, so that the run is worth nothing.
        :raises InvariantViolation: the cluster contradicts itself; only where each step is checked.
        """
        outcome = self.cluster.handle(stimulus)
        hear = self.hear
        for event in outcome.events:
            hear(event)
        if self._check_steps:
            self.cluster.check()
        return outcome

    def hear(self, event: events.Event) -> None:
        """Hand on an event that came of a stimulus.

        :raises PluginError: the scheduler or a filter broke its contract.
        """
        if type(event) is events.SchedulerFailed:
            raise PluginError(event.message, event.pod.name)
        self.recorder.hear(event)
        self._door.announce(event)
