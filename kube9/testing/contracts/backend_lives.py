"""What every backend must keep to through many calls in any order, and when the server starts again."""

from __future__ import annotations

from attrs import evolve, frozen
from hypothesis import strategies as st

from kube9.clocks import VirtualClock
from kube9.core.nodes import Node
from kube9.core.stimuli import PodStarted, StopPodDone
from kube9.testing.contracts.backend_setting import GRACE_MS, BackendSetting
from kube9.testing.contracts.contract import needs
from kube9.testing.contracts.stage import Stage

__all__ = ["BackendLives"]

_PODS = ("a", "b", "c")
_EXAMPLES_MAX, _EXAMPLES_MAX_IN_REAL_TIME = 30, 2


@frozen
class Call:
    """One call about a pod; it may come twice, as calls do whose answer nobody heard."""

    #: ``start``, ``stop``, or ``move``: a stop, and a start of the next epoch.
    what: str
    pod: str
    twice: bool = False


_calls = st.lists(
    st.builds(Call, st.sampled_from(("start", "stop", "move")), st.sampled_from(_PODS), st.booleans()),
    min_size=1,
    max_size=8,
)
#: Tried in any case, since in real time there are but few others.
_always = [
    [Call("start", "a"), Call("stop", "a")],
    [Call("start", "a", twice=True)],
    [Call("start", "a"), Call("start", "b"), Call("move", "a", twice=True), Call("stop", "b", twice=True)],
]


class BackendLives(BackendSetting):
    """The part of the contract that is about what all calls together come to."""

    def test_a_node_runs_just_what_it_was_given(self, stage: Stage) -> None:
        """Whatever was started and stopped, repeatedly or not: no more than the node has room for, and nothing less."""
        node = self.joined(stage)
        runs = iter(range(1_000_000))

        def holds(calls: list[Call]) -> None:
            life = _Life(self, stage, node, f"{next(runs)}-")
            try:
                for call in calls:
                    life.carry_out(call)
                    life.check()
            finally:
                life.end()

        virtual = isinstance(stage.deliveries.clock, VirtualClock)
        self.for_all(_calls, holds, _always, examples_max=_EXAMPLES_MAX if virtual else _EXAMPLES_MAX_IN_REAL_TIME)

    @needs("reconnect")
    def test_after_a_reconnect_it_lists_what_runs(self, stage: Stage) -> None:
        """And takes it for its own: it starts nothing a second time, and stops what it is told to."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.long_pod(), epoch=2)
        stage.start(node, pod)
        self.reconnect(stage, node)
        stage.expect_alive(node, pod, [2])
        stage.ask.start_pod(node, pod)
        stage.settle()
        stage.expect_alive(node, pod, [2])
        stage.ask.stop_pod(node, pod, GRACE_MS)
        stage.expect(StopPodDone, pod.uid, pod.epoch)
        left = stage.reports(node, pod)
        assert left == [], f"list_pods({node.name}) gives {left}, expected nothing; {stage.story(node)}"
        stage.expect_copies(node, pod, 0)


class _Life:
    """Some pods of one node, and what should be running of them."""

    def __init__(self, contract: BackendSetting, stage: Stage, node: Node, mark: str) -> None:
        self._stage, self._node = stage, node
        self._pods = {name: stage.new_pod(node, contract.long_pod(), f"{mark}{name}") for name in _PODS}
        self._run: set[str] = set()
        #: What an earlier life could not get rid of is that one's fault, and not told of this one's calls.
        self._before = frozenset(self._alive())

    def carry_out(self, call: Call) -> None:
        times = 2 if call.twice else 1
        if call.what in ("stop", "move"):
            self._stop(call.pod, times)
        if call.what in ("start", "move"):
            self._start(call.pod, times)

    def check(self) -> None:
        wanted = sorted((self._pods[name].uid, self._pods[name].epoch) for name in self._run)
        alive = [each for each in self._alive() if each not in self._before]
        assert alive == wanted, (
            f"on node {self._node.name!r} there run {alive}, expected {wanted}; {self._stage.story(self._node)}"
        )

    def end(self) -> None:
        for name in tuple(self._run):
            self._stop(name, 1)

    def _alive(self) -> list[tuple[str, int]]:
        """Uid and epoch of all that runs on the node."""
        reports = self._stage.listed(self._node)
        return sorted((each.pod_uid, each.epoch) for each in reports if not each.phase.finished)

    def _start(self, name: str, times: int) -> None:
        if name not in self._run:
            # What was stopped is never started again but as a new epoch.
            self._pods[name] = evolve(self._pods[name], epoch=self._pods[name].epoch + 1)
            self._run.add(name)
        pod = self._pods[name]
        for _ in range(times):
            self._stage.ask.start_pod(self._node, pod)
        self._stage.expect(PodStarted, pod.uid, pod.epoch)

    def _stop(self, name: str, times: int) -> None:
        pod = self._pods[name]
        before = self._stage.heard(StopPodDone, pod.uid, pod.epoch)
        self._run.discard(name)
        for _ in range(times):
            self._stage.ask.stop_pod(self._node, pod, GRACE_MS)
        self._stage.expect(StopPodDone, pod.uid, pod.epoch, times=before + 1)
