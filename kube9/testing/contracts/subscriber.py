"""What every plugin must keep to that hears of what happens."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis.strategies import SearchStrategy

from kube9.core import events as e
from kube9.core import stimuli as s
from kube9.core.errors import Conflict, DuplicateName, UnknownName
from kube9.core.events import Event
from kube9.core.nodes import NodeSpec
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.plugins.door import Door
from kube9.plugins.manager import Plugins
from kube9.plugins.selection import Selection
from kube9.plugins.sources import Source
from kube9.testing.clusters import cluster_with
from kube9.testing.contracts.contract import Contract
from kube9.testing.strategies import events, scripts
from kube9.testing.tables import ready_node

__all__ = ["SubscriberContract"]


class SubscriberContract(Contract):
    """Holds a plugin with event hooks to what they promise. Override the fixture ``plugin``.

    It is really told of what happens to made-up pods and nodes, many times over: see to it that what it does then
    reaches nobody but the test.
    """

    @pytest.fixture
    def plugin(self) -> object:
        """The plugin to test: its module, or an object with hooks."""
        self.to_override("plugin", "the plugin to test: its module, or an object with hooks")

    @pytest.fixture
    def door(self, plugin: object) -> Door:
        """Where the plugin hears of events; its faults are errors here."""
        return _loaded(plugin).door

    def events(self) -> SearchStrategy[Event]:
        """What it is told of."""
        return events()

    def always(self) -> list[Event]:
        """What it is told of in any case: one event for each hook."""
        node = ready_node(NodeSpec(name="node", capacity={"cpu": 1000}), 0)
        waits = Pod(uid="p", spec=PodSpec(name="pod", requests={"cpu": 100}), ordinal=0, created_at_ms=0)
        runs = evolve(waits, node_uid=node.uid, epoch=1, phase=PodPhase.RUNNING)
        ended = evolve(runs, phase=PodPhase.FAILED, exit_code=3, reason="exited with code 3")
        of_pods = (e.PodReady, e.PodUnready, e.ContainerRestarted)
        of_nodes = (e.NodeReady, e.NodeFailed, e.NodeFenced, e.NodeLost, e.NodeDrained)
        return [
            e.PodBound(at_ms=1, pod=evolve(runs, phase=PodPhase.STARTING), node=node),
            *(kind(at_ms=2, pod=runs) for kind in of_pods),
            e.PodFinished(at_ms=3, pod=ended),
            e.PodEvicted(at_ms=4, pod=evolve(waits, epoch=1), node_name=node.name),
            *(kind(at_ms=5, node=node) for kind in of_nodes),
            e.MovesHeld(at_ms=6, reason="3 of 4 nodes look dead"),
            e.MovesResumed(at_ms=7, reason="3 of 4 nodes look dead"),
        ]

    def test_hears_of_something(self, plugin: object) -> None:
        """Its hooks exist, ask for arguments that there are, and at least one of them is for events."""
        hooks = _loaded(plugin).infos[-1].hooks
        heard = [hook for hook in hooks if not hook.startswith("kube9_register_")]
        assert heard, "it has no event hook; docs/reference/hooks.md lists them"

    def test_takes_every_event(self, door: Door) -> None:
        """Whatever came before: it may have been installed, or the server restarted, in the midst of things."""
        self.for_all(self.events(), door.announce, self.always())

    def test_takes_an_event_again(self, door: Door) -> None:
        """One that is like another, as of a pod that comes and goes on the same node."""

        def holds(event: Event) -> None:
            door.announce(event)
            door.announce(event)

        self.for_all(self.events(), holds, self.always())

    def test_takes_the_events_of_a_cluster(self, door: Door) -> None:
        """In the order in which they come about when nodes join, fail and go, and pods with them."""
        self.for_all(scripts(), lambda script: _live_through(script, door))

    def test_leaves_what_it_is_told_alone(self, door: Door) -> None:
        """Everybody is told of the same pod and the same node."""

        def holds(event: Event) -> None:
            before = repr(event)
            door.announce(event)
            after = repr(event)
            assert before == after, f"the event was {before} and is {after} after it"

        self.for_all(self.events(), holds, self.always())

    def test_writes_nothing_to_stdout(self, door: Door, capfd: pytest.CaptureFixture[str]) -> None:
        """There are the data of kube9's own commands, for other programs to read."""

        def holds(event: Event) -> None:
            capfd.readouterr()
            door.announce(event)
            written = capfd.readouterr().out
            assert written == "", f"it wrote {written!r} to stdout; write to stderr, or to a file"

        self.for_all(self.events(), holds, self.always())


def _loaded(plugin: object) -> Plugins:
    source = Source(name="tested", where="the test", load=lambda: plugin)
    return Plugins.load((), [source], Selection(strict=True))


def _live_through(script: tuple[s.Stimulus, ...], door: Door) -> None:
    cluster = cluster_with()
    for stimulus in script:
        try:
            outcome = cluster.handle(stimulus)
        except (Conflict, DuplicateName, UnknownName):
            continue  # no such thing can be done to it just then
        for event in outcome.events:
            door.announce(event)
