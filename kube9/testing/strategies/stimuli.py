"""Strategies for what reaches a cluster from outside, sensible or not."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from kube9.core import stimuli as s
from kube9.core.pods import PodPhase, PodReport
from kube9.testing.strategies.values import Draw, deployment_specs, node_specs, pod_specs

__all__ = ["scripts", "stimuli"]

_reported = st.sampled_from((PodPhase.STARTING, PodPhase.RUNNING, PodPhase.SUCCEEDED, PodPhase.FAILED))
_error = st.sampled_from(("", "", "no image"))


def stimuli(at_ms: int = 0, *, kinds: int = 3) -> SearchStrategy[s.Stimulus]:
    """Anything that may reach a cluster, about nodes ``n0``, pods ``p0``, deployments ``d0`` and so on, there or not.

    :param kinds: of how many nodes, pods and deployments there is talk.
    """
    return _at_zero(kinds).map(lambda stimulus: evolve(stimulus, at_ms=at_ms))


@st.composite
def scripts(draw: Draw, *, length_max: int = 30, kinds: int = 3) -> tuple[s.Stimulus, ...]:
    """Several of them in a row, in the order of their times."""
    script: list[s.Stimulus] = []
    at_ms = 0
    for pause_ms in draw(st.lists(st.sampled_from((0, 0, 1, 500, 5000)), max_size=length_max)):
        at_ms += pause_ms
        script.append(evolve(draw(_at_zero(kinds)), at_ms=at_ms))
    return tuple(script)


@cache
def _at_zero(kinds: int) -> SearchStrategy[s.Stimulus]:
    # Made once: putting this together takes far longer than drawing from it.
    nodes, pods, deployments = ([f"{letter}{number}" for number in range(kinds)] for letter in "npd")
    node, pod, deployment = st.sampled_from(nodes), st.sampled_from(pods), st.sampled_from(deployments)
    epoch, reason = st.integers(0, 3), st.sampled_from(("", "because"))
    incarnation = st.sampled_from(("", "first", "second"))
    replicas, grace_ms = st.integers(0, 3), st.sampled_from((None, 0, 1000))
    copies = st.lists(
        st.builds(
            PodReport,
            pod_uid=pod,
            epoch=epoch,
            phase=_reported,
            exit_code=st.just(0),
            error=_error,
            ready=st.booleans(),
            restarts=st.integers(0, 2),
            reason=reason,
        ),
        max_size=3,
        unique_by=lambda report: (report.pod_uid, report.epoch),
    ).map(tuple)

    def about(kind: Callable[..., s.Stimulus], uid: SearchStrategy[str], **more: SearchStrategy[Any]) -> Any:
        return st.builds(kind, at_ms=st.just(0), uid=uid, **more)

    return st.one_of(
        *(about(s.AddNode, st.just(name), spec=node_specs(name)) for name in nodes),
        *(about(s.LaunchPod, st.just(name), spec=pod_specs(name)) for name in pods),
        *(
            about(kind, node, incarnation=incarnation)
            for kind in (s.NodeJoined, s.NodeAbsent, s.NodeDied, s.NodeFenced)
        ),
        about(s.NodeDescribed, node, capacity=st.sampled_from(({}, {"cpu": 3_000, "disk": 5}))),
        about(s.CordonNode, node, cordoned=st.booleans()),
        *(about(kind, node) for kind in (s.DeleteNode, s.DestroyNodeDone, s.TrustNode, s.Heartbeat)),
        *(about(kind, node) for kind in (s.ForgetNode, s.LookAfterNode)),
        about(
            s.DrainNode,
            node,
            grace_ms=grace_ms,
            deadline_ms=st.sampled_from((None, 0, 500)),
            parallel=st.integers(1, 2),
            interval_ms=st.sampled_from((0, 500)),
            move_batch=st.booleans(),
        ),
        about(s.CancelDrain, node, cordoned=st.booleans()),
        about(s.NodeReported, node, pods=copies),
        about(s.RenewTicket, node, token_digest=st.sampled_from(("ab" * 32, "cd" * 32))),
        *(
            about(kind, node, reason=reason)
            for kind in (s.CreateNodeFailed, s.RestartNodeFailed, s.SuspectNode, s.GiveUpNode)
        ),
        about(s.FailNode, node, reason=reason, lease_left_ms=st.sampled_from((0, 1, 1000))),
        st.builds(s.HoldMoves, at_ms=st.just(0), reason=reason),
        about(s.DeletePod, pod, grace_ms=grace_ms),
        *(about(s.ApplyDeployment, st.just(name), spec=deployment_specs(name)) for name in deployments),
        about(s.ScaleDeployment, deployment, replicas=replicas),
        about(s.DeleteDeployment, deployment, grace_ms=grace_ms),
        *(about(kind, pod, epoch=epoch) for kind in (s.PodStarted, s.StopPodDone)),
        about(s.PodHealthChanged, pod, epoch=epoch, ready=st.booleans(), restarts=st.integers(0, 2), reason=reason),
        about(s.StartPodFailed, pod, epoch=epoch, reason=reason),
        about(s.PodExited, pod, epoch=epoch, exit_code=st.integers(0, 2)),
        st.just(s.TimePassed(at_ms=0)),
    )
