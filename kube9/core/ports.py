"""What kube9 asks of a strategy, as types. A plugin implements one of these and offers it by name.
What such a plugin is given, delivers or raises can be imported from here as well: nodes and pods and what they are made
of, the stimuli of a backend, and errors.

A strategy may carry these attributes, which are not part of the protocols because their absence means the default:

``local`` (scheduler, filter; default ``False``)
    What it says of a node depends on nothing but that node's own row, ``NodeTable.largest`` and the pod's shape
    (everything in the spec but its name and namespace). Then answers are kept per shape, and only nodes that changed
    are asked about again. A pipeline profits only when its scheduler and all its filters say so.

``monotone`` (filter; default ``False``)
    It is local, and a node that it refuses can only come to fit by freeing something or by coming up; never by filling
    up, and never by what happens elsewhere. Then a waiting pod is tried again only when a node changed so; if any
    filter does not say this, all waiting pods are tried again after every change.

``choose_devices(pod, request, node)`` (scheduler; default: the :class:`DeviceChooser` of the cluster)
    A method that chooses the devices of the pods that the scheduler placed, for policies of which that is a part.
    ``node`` is the table of the chosen node alone, before the pod is on it. It returns indices, as
    :meth:`DeviceChooser.choose` does, or ``None`` to leave it to the chooser; the same arguments give the same choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from kube9.core.containers import (
    Config,
    ConfigKey,
    ConfigVolume,
    Container,
    ContainerPort,
    EmptyDir,
    EnvVar,
    ExecAction,
    HttpGetAction,
    NamedVolume,
    Probe,
    ProbeAction,
    PullPolicy,
    RestartPolicy,
    TcpSocketAction,
    Volume,
    VolumeMount,
    VolumeSource,
)
from kube9.core.errors import BackendError, Conflict, FileError, InvalidInput, NodeDown, NodeGone
from kube9.core.expectedrun import expected_run_ms
from kube9.core.nodes import Node, NodePhase, TaintEffect
from kube9.core.pods import DeviceRequest, Pod, PodPhase, PodReport, PodSpec
from kube9.core.stimuli import (
    CreateNodeFailed,
    DestroyNodeDone,
    Heartbeat,
    NodeDescribed,
    NodeDied,
    NodeFenced,
    NodeJoined,
    PodExited,
    PodHealthChanged,
    PodStarted,
    RestartNodeFailed,
    StartPodFailed,
    Stimulus,
    StopPodDone,
)

if TYPE_CHECKING:
    from kube9.core.table import NodeTable

__all__ = [
    "ALL_LOGS",
    "Arrival",
    "BackendError",
    "BackendFactory",
    "BoolArray",
    "Clock",
    "CommandRunner",
    "CommandSession",
    "Config",
    "ConfigKey",
    "ConfigVolume",
    "Conflict",
    "Container",
    "ContainerPort",
    "CreateNodeFailed",
    "DestroyNodeDone",
    "DeviceChooser",
    "EmptyDir",
    "EnvVar",
    "ExecAction",
    "FaultInjector",
    "FileError",
    "Filter",
    "FloatArray",
    "HealthCheck",
    "Heartbeat",
    "HeartbeatHistory",
    "HttpGetAction",
    "IntArray",
    "InvalidInput",
    "JoinTicket",
    "LogOptions",
    "NamedVolume",
    "Node",
    "NodeBackend",
    "NodeDescribed",
    "NodeDied",
    "NodeDown",
    "NodeFenced",
    "NodeGone",
    "NodeJoined",
    "NodePhase",
    "Pod",
    "PodExited",
    "PodHealthChanged",
    "PodPhase",
    "PodReport",
    "PodStarted",
    "Probe",
    "ProbeAction",
    "PullPolicy",
    "QueueDiscipline",
    "RestartNodeFailed",
    "RestartPolicy",
    "RunAwareDiscipline",
    "Scheduler",
    "StartPodFailed",
    "Stimulus",
    "StopPodDone",
    "TaintEffect",
    "TcpSocketAction",
    "Trace",
    "TraceReader",
    "Volume",
    "VolumeMount",
    "VolumeSource",
    "expected_run_ms",
]

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@runtime_checkable
class Scheduler(Protocol):
    """Ranks nodes for a pod. Pure: the same arguments give the same scores."""

    def score(self, pod: PodSpec, nodes: NodeTable) -> FloatArray:
        """One score per node, shape ``(len(nodes),)``, higher is better; ties go to the node that joined first.

        Only nodes that fit are considered, and for those the score must be finite. Integers are as good as floats.
        ``nodes`` is read-only and changes after the call; keep no reference to it.
        """


@runtime_checkable
class Filter(Protocol):
    """Says which nodes a pod may go to. Its answer is the same for all pods of one shape, whatever their names."""

    #: Why a node was refused, as it stands in a tally: ``30 insufficient cpu``.
    reason: str

    def fits(self, pod: PodSpec, nodes: NodeTable) -> BoolArray | None:
        """One truth value per node, or ``None`` for "no objection to any", which costs nothing.

        A filter whose reason depends on the node may also have ``rejections(pod, nodes)``, which yields pairs of a
        reason and a mask of the nodes it applies to; it is asked only when somebody wants to know.
        """


@runtime_checkable
class QueueDiscipline(Protocol):
    """In which order waiting pods are tried."""

    #: Whether a pod that fits nowhere holds back all behind it.
    blocks: bool

    def key(self, pod: PodSpec, arrived_ms: int) -> tuple[float, ...]:
        """Lowest goes first; among equals the one that arrived first. All keys of a discipline have one length."""


@runtime_checkable
class RunAwareDiscipline(QueueDiscipline, Protocol):
    """A queue discipline that goes by how long pods run, or wants the first of them to be held to its turn.

    In a simulation every pod of a trace says how long it runs; see :func:`expected_run_ms`.
    """

    #: Only where it blocks: a pod that was first and fitted nowhere stays first, also if one comes with a lower key.
    keeps_first: bool
    #: Only where it blocks: others may go before the first, in order of arrival, if they end before it could start.
    backfills: bool

    def expected_ms(self, pod: PodSpec) -> int | None:
        """How long ``pod`` runs once it started; ``None`` for nobody knows. The same for the same pod, always."""


@runtime_checkable
class DeviceChooser(Protocol):
    """Chooses which of a node's devices a pod gets."""

    def choose(self, request: DeviceRequest, free_milli: IntArray) -> Sequence[int]:
        """``request.count`` different indices into ``free_milli``, each with at least ``request.milli`` left.

        ``free_milli`` has one entry per device of the chosen node, and enough of them fit.
        """


@frozen(kw_only=True)
class HeartbeatHistory:
    """When a node was heard, on the listener's own clock.

    A check must take any such past: none at all, beats that came at one moment, as after a stall, and the stall itself
    between two of them.
    """

    #: The last 32 beats at most, oldest first; equal ones may follow each other, and it may be empty.
    arrivals_ms: tuple[int, ...]
    #: How often the node was asked to beat.
    interval_ms: int


@runtime_checkable
class HealthCheck(Protocol):
    """Turns what was heard from a node into a suspicion level; two thresholds turn that into Suspect and Failed.

    It may have an attribute ``interval_ms``, an ``int``: how often nodes are to beat; without it, every 1000 ms.
    """

    suspect_at: float
    fail_at: float

    def suspicion(self, history: HeartbeatHistory, now_ms: int) -> float:
        """How likely the node is down, on a scale of the check's own; grows with silence.

        No node may be given up after a shorter silence than a regular one, whose lease all have: a check that learns
        the usual time between beats counts with no less than ``history.interval_ms``.
        """


class Clock(Protocol):
    """Time for whoever must not read it: real in a server, virtual in a simulation."""

    def now_ms(self) -> int:
        """Milliseconds since some fixed moment; never runs backwards."""

    def call_at(self, at_ms: int, action: Callable[[], None]) -> None:
        """Run ``action`` once at ``at_ms``, or as soon as possible where that is past. Actions due at one
        moment run in the order they were asked for. It never runs within this call.
        """


@frozen(kw_only=True)
class JoinTicket:
    """What a new node needs to introduce itself."""

    node_uid: str
    server_url: str = ""
    token: str = field(default="", repr=False)
    #: The server's certificate in PEM, where it serves TLS; nothing else is to be trusted.
    certificate: str = field(default="", repr=False)


@frozen(kw_only=True)
class LogOptions:
    """What is wanted of a pod's logs."""

    #: Empty for the only container, or the first that is no init container.
    container: str = ""
    #: Go on with what is written from now on, until the container has ended.
    follow: bool = False
    #: So many lines from the end; ``None`` for all there are.
    tail: int | None = None
    #: Of the run before the present one.
    previous: bool = False


#: The whole log there is, of the container that is meant where none is said.
ALL_LOGS = LogOptions()


@runtime_checkable
class NodeBackend(Protocol):
    """Makes nodes exist and runs pods on them.

    Every call begins its work and returns without waiting for the end of it; calls for one node come one after the
    other, calls for different nodes may come at once. Every call is idempotent by uid and epoch. What becomes of it
    is told through the ``deliver`` the backend was made with, as stimuli: ``NodeJoined``, ``CreateNodeFailed``,
    ``RestartNodeFailed``, ``DestroyNodeDone``, ``PodStarted``, ``StartPodFailed``, ``PodHealthChanged``, ``PodExited``,
    ``StopPodDone``; and ``Heartbeat``, where the backend itself hears its nodes.
    The health of a pod's containers is the node's business: it probes them, and starts those that end again there, as
    the pod's restart policy says. A pod exits when nothing of it is to be started any more.
    A call that cannot even begin raises :class:`~kube9.core.errors.BackendError`, and nothing is delivered for it.

    A backend whose nodes run kube9's agent says so by an attribute ``by_agent`` that is true. The agent joins by its
    beats, and is told by the answers to them what to start and what to stop; it alone reports on pods. Of such a
    backend ``start_pod`` and ``stop_pod`` do no more than raise ``NodeGone`` where they have to.

    Any other delivers a ``Heartbeat`` of each node that is up, again and again, and of none that is down; after the
    server has started again too, for nodes that it finds. It says how often by an attribute ``heartbeat_ms``: a node
    of it is judged by its silence from its joining on. One of a backend without it (or with 0) is judged only once it
    was heard, so that a node that never is stays ready for ever, whatever became of it.

    A backend may have a ``close``, which is called when the server ends; nodes and pods stay.
    """

    def create_node(self, node: Node, join: JoinTicket) -> None:
        """Make the node exist; leads to ``NodeJoined`` or ``CreateNodeFailed``."""

    def restart_node(self, node: Node) -> None:
        """Bring a dead node back, empty of pods; leads to ``NodeJoined`` or ``RestartNodeFailed``.

        A server that was away asks again for what may have been under way.
        """

    def destroy_node(self, node: Node) -> None:
        """Remove the node and all it runs; leads to ``DestroyNodeDone``, also where it never existed."""

    def start_pod(self, node: Node, pod: Pod) -> None:
        """Start this epoch of ``pod``; leads to ``PodStarted`` or ``StartPodFailed``, then in time to ``PodExited``.

        An epoch that runs is left alone, and not told a second time. One that was stopped, or that is older than
        another the node has seen, is not started: the call came late. What was stopped need not be known any more when
        the server has started again, for it asks only for what is to run by then.

        :raises NodeGone: the node is not known or not up.
        """

    def stop_pod(self, node: Node, pod: Pod, grace_ms: int) -> None:
        """Stop this epoch of ``pod``, by force after ``grace_ms``; leads to ``StopPodDone``, also where it never ran.

        Another epoch of the same pod is left alone.

        :raises NodeGone: the node is not known or not up.
        """

    def list_pods(self, node: Node) -> Sequence[PodReport] | None:
        """What really runs or ran on the node and was not yet stopped, by pod uid and epoch.

        ``None`` where only the node itself can tell, which it does with its next beat.

        :raises NodeDown: the node is known and down, and nothing of it runs: the backend has made sure of that.
        :raises NodeGone: the node is not known, or not up.
        """

    def logs(self, node: Node, pod: Pod, options: LogOptions = ALL_LOGS) -> Iterator[bytes]:
        """What this epoch of ``pod`` has written so far, in pieces of any size.

        One that is followed may have a ``close``, which any thread may call, also while another one waits for the next
        piece: that is then the end. One without, whose reader cannot be reached while it waits, gives an empty piece
        every few seconds. So does a generator, which is what a function with ``yield`` returns: the ``close`` that
        it has by itself cannot be called while it waits, and what was left ends with the piece after.

        :raises InvalidInput: it has no such container, or the backend keeps nothing of what is asked for.
        :raises NodeGone: the node is not known or not up.
        """


@runtime_checkable
class FaultInjector(Protocol):
    """What a backend may have besides: it can break a node on purpose."""

    def fail_node(self, node: Node, *, down_for_ms: int | None = None, permanent: bool = False) -> None:
        """Kill the node at once with all its pods, and tell nobody.

        :param down_for_ms: it comes back by itself after that, and no sooner where it is restarted meanwhile; ``None``
            for when it is restarted.
        :param permanent: it never comes back, and no restart helps.
        :raises NodeGone: there is no such node.
        """


class CommandSession(Protocol):
    """A command that runs in a container; any thread may call."""

    def output(self) -> Iterator[tuple[int, bytes]]:
        """What it writes, as it comes: 1 and what went to stdout, or 2 and what went to stderr; ends with it."""

    def write(self, data: bytes) -> None:
        """Give it something to read."""

    def close_input(self) -> None:
        """It reads the end of its input from here on."""

    def resize(self, rows: int, columns: int) -> None:
        """Its terminal has another size, if it has one."""

    def exit_code(self) -> int | None:
        """What it ended with; ``None`` as long as it runs."""

    def close(self) -> None:
        """Nobody wants to know any more; what runs is left to end by itself."""


@runtime_checkable
class CommandRunner(Protocol):
    """What a backend may have besides: it can run a command in a container that runs."""

    def run_command(
        self, node: Node, pod: Pod, container: str, command: Sequence[str], *, terminal: bool = False
    ) -> CommandSession:
        """Begin a command.

        :param container: empty for the only one, or the first that is no init container.
        :param terminal: give it one; everything it writes is stdout then.
        :raises InvalidInput: there is no such container.
        :raises Conflict: it does not run just now.
        :raises NodeGone: the node is not known or not up.
        """


class BackendFactory(Protocol):
    """What is registered under a backend's name.

    It is given these where it has parameters of such names: ``cluster``, a text that no other cluster has, the same for
    all time, to mark with it what it makes where others make things too; ``server_url``, where the server listens as
    its own machine sees it, and ``certificate``, the server's, as in :class:`JoinTicket`; ``heartbeat_ms``, how often
    the health check expects nodes to be heard, a whole number, or a text where it was given as an option.
    """

    def __call__(self, clock: Clock, deliver: Callable[[Stimulus], None], **options: Any) -> NodeBackend:
        """Make the backend; it reads time from ``clock`` and reports to ``deliver``, from any thread."""


@frozen(kw_only=True)
class Arrival:
    """One pod of a trace."""

    pod: PodSpec
    #: When it was asked for.
    at_ms: int = 0
    #: How long it runs once started; ``None`` for as long as the simulation lasts.
    duration_ms: int | None = None


@frozen(kw_only=True)
class Trace:
    """Pods to place, in the order of the file. A file that holds several independent runs makes several of these."""

    #: Which instance of the file it is; the file's stem where there is only one.
    instance: str
    arrivals: tuple[Arrival, ...]
    #: Whether ``at_ms`` means anything; if not, only the order counts.
    timed: bool = True
    #: What the reader left out or assumed, one sentence each, for people.
    notes: tuple[str, ...] = ()


@runtime_checkable
class TraceReader(Protocol):
    """Reads one kind of trace file."""

    #: How the file is recognised, in one line, for people.
    describes: str

    def recognises(self, path: str, head: str) -> bool:
        """Whether a file of this name that begins with ``head`` (its first 4,096 characters) is of this kind."""

    def read(self, path: str) -> Sequence[Trace]:
        """Read the file whole.

        :raises FileError: with path, line and column of the first thing that is wrong.
        """


#: A registry entry makes its strategy from the options of its step: ``random:seed=3`` calls ``factory(seed="3")``.
SchedulerFactory = Callable[..., Scheduler]
FilterFactory = Callable[..., Filter]
Rejections = Iterable[tuple[str, BoolArray]]
