"""Strategies for what event hooks hear."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from kube9.core import events as e
from kube9.core.nodes import Node, NodePhase
from kube9.core.pods import Pod, PodPhase
from kube9.testing.strategies.values import node_specs, pod_specs

__all__ = ["events"]

_at_ms = st.sampled_from((0, 1, 1_700_000_000_000))
_reason = st.sampled_from(("", "because", "not ready: \N{SNOWMAN}\nand more"))

#: Told of a node alone, and the phase it is in then.
_OF_NODES = (
    (e.NodeReady, NodePhase.READY),
    (e.NodeFailed, NodePhase.FAILED),
    (e.NodeFenced, NodePhase.FAILED),
    (e.NodeLost, NodePhase.LOST),
    (e.NodeDrained, NodePhase.READY),
)
_OF_PODS = (
    (e.PodRunning, PodPhase.RUNNING),
    (e.PodReady, PodPhase.RUNNING),
    (e.PodUnready, PodPhase.RUNNING),
    (e.ContainerRestarted, PodPhase.RUNNING),
)


def events() -> SearchStrategy[e.Event]:
    """Each event that a hook hears, about nodes and pods of any kind, whatever was told of them before."""
    ended = st.sampled_from((PodPhase.SUCCEEDED, PodPhase.FAILED))
    waiting, starting = st.just(PodPhase.PENDING), st.just(PodPhase.STARTING)
    return st.one_of(
        *(st.builds(kind, at_ms=_at_ms, node=_nodes(phase)) for kind, phase in _OF_NODES),
        *(st.builds(kind, at_ms=_at_ms, pod=_pods(st.just(phase))) for kind, phase in _OF_PODS),
        st.builds(e.PodBound, at_ms=_at_ms, pod=_pods(starting), node=_nodes(NodePhase.READY)),
        st.builds(e.PodEvicted, at_ms=_at_ms, pod=_pods(waiting), node_name=st.sampled_from(("n0", "gone"))),
        st.builds(e.PodFinished, at_ms=_at_ms, pod=_pods(ended)),
        st.builds(e.MovesHeld, at_ms=_at_ms, reason=_reason),
        st.builds(e.MovesResumed, at_ms=_at_ms, reason=_reason),
    )


def _nodes(phase: NodePhase) -> SearchStrategy[Node]:
    return st.builds(
        Node,
        uid=st.just("u0"),
        spec=node_specs("n0"),
        ordinal=st.just(0),
        phase=st.just(phase),
        reason=_reason,
        lease_left_ms=st.sampled_from((0, 5_000)),
        failed_at_ms=st.none() | _at_ms,
    )


def _pods(phases: SearchStrategy[PodPhase]) -> SearchStrategy[Pod]:
    return phases.flatmap(
        lambda phase: st.builds(
            Pod,
            uid=st.just("p0"),
            spec=pod_specs("p0"),
            ordinal=st.just(0),
            created_at_ms=st.just(0),
            phase=st.just(phase),
            node_uid=st.none() if phase is PodPhase.PENDING else st.just("u0"),
            epoch=st.integers(1, 3),
            exit_code=st.sampled_from((0, 3)) if phase.finished else st.none(),
            ready=st.booleans() if phase is PodPhase.RUNNING else st.just(False),
            restarts=st.integers(0, 2),
            reason=_reason,
        )
    )
