"""Every hook of kube9. A plugin is any module or object with functions of these names, marked ``@kube9.hookimpl``.

Two kinds: ``kube9_register_*`` is called once at start-up to fill a registry with named strategies; the others tell
who wants to know that something happened. No hook is called per node or per decision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

    from kube9.core.nodes import Node
    from kube9.core.pods import Pod
    from kube9.core.ports import (
        BackendFactory,
        DeviceChooser,
        FilterFactory,
        HealthCheck,
        QueueDiscipline,
        SchedulerFactory,
        TraceReader,
    )

    class RegisterScheduler(Protocol):
        def __call__(self, name: str, factory: SchedulerFactory) -> None: ...

    class RegisterFilter(Protocol):
        def __call__(self, name: str, factory: FilterFactory) -> None: ...

    class RegisterQueueDiscipline(Protocol):
        def __call__(self, name: str, factory: Callable[..., QueueDiscipline]) -> None: ...

    class RegisterDeviceChooser(Protocol):
        def __call__(self, name: str, factory: Callable[..., DeviceChooser]) -> None: ...

    class RegisterBackend(Protocol):
        def __call__(self, name: str, factory: BackendFactory) -> None: ...

    class RegisterHealthCheck(Protocol):
        def __call__(self, name: str, factory: Callable[..., HealthCheck]) -> None: ...

    class RegisterTraceReader(Protocol):
        def __call__(self, name: str, factory: Callable[..., TraceReader]) -> None: ...

    class RegisterCommand(Protocol):
        def __call__(self, name: str, factory: Callable[[], click.Command]) -> None: ...


__all__ = [
    "PROJECT",
    "hookimpl",
    "hookspec",
    "kube9_container_restarted",
    "kube9_moves_held",
    "kube9_moves_resumed",
    "kube9_node_drained",
    "kube9_node_failed",
    "kube9_node_fenced",
    "kube9_node_lost",
    "kube9_node_ready",
    "kube9_pod_bound",
    "kube9_pod_evicted",
    "kube9_pod_finished",
    "kube9_pod_ready",
    "kube9_pod_unready",
    "kube9_register_backends",
    "kube9_register_commands",
    "kube9_register_device_choosers",
    "kube9_register_filters",
    "kube9_register_health_checks",
    "kube9_register_queue_disciplines",
    "kube9_register_schedulers",
    "kube9_register_trace_readers",
]

PROJECT = "kube9"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def kube9_register_schedulers(register: RegisterScheduler) -> None:
    """Offer schedulers by name.

    Called once per plugin at start-up, in order of the plugins' names, before any other hook. The result is ignored.

    :param register: call ``register(name, factory)`` once per scheduler. ``factory`` receives the options of
        ``--scheduler name:key=value`` as keyword arguments, all strings, and returns a
        :class:`~kube9.core.ports.Scheduler`. A factory with a parameter ``seed`` gets the seed of the run.

    A name that another plugin registered already is an error that names both. Any exception marks the plugin as
    broken: nothing it offers is used, ``kube9 plugins`` shows why, and ``--strict-plugins`` makes it fatal.
    """


@hookspec
def kube9_register_filters(register: RegisterFilter) -> None:
    """Offer filters by name; every filter that is offered is used, in order of registration, built-ins first.

    Called once per plugin at start-up, in order of the plugins' names. The result is ignored.

    :param register: call ``register(name, factory)`` once per filter; ``factory()`` returns a
        :class:`~kube9.core.ports.Filter`.

    Duplicate names and exceptions: as for :func:`kube9_register_schedulers`.
    """


@hookspec
def kube9_register_queue_disciplines(register: RegisterQueueDiscipline) -> None:
    """Offer orders for waiting pods, chosen by ``--queue``.

    Called once per plugin at start-up, in order of the plugins' names. The result is ignored.

    :param register: call ``register(name, factory)`` once per discipline; ``factory(**options)`` returns a
        :class:`~kube9.core.ports.QueueDiscipline`, or, to go by how long pods run, a
        :class:`~kube9.core.ports.RunAwareDiscipline`.

    Duplicate names and exceptions: as for :func:`kube9_register_schedulers`.
    """


@hookspec
def kube9_register_device_choosers(register: RegisterDeviceChooser) -> None:
    """Offer ways to choose a node's devices for a pod, chosen by ``--devices``.

    Called once per plugin at start-up, in order of the plugins' names. The result is ignored.

    :param register: call ``register(name, factory)`` once per chooser; ``factory(**options)`` returns a
        :class:`~kube9.core.ports.DeviceChooser`.

    Duplicate names and exceptions: as for :func:`kube9_register_schedulers`.
    """


@hookspec
def kube9_register_backends(register: RegisterBackend) -> None:
    """Offer backends by name, chosen per node.

    Called once per plugin at start-up, in order of the plugins' names. The result is ignored.

    :param register: call ``register(name, factory)`` once per backend. ``factory(clock, deliver, **options)`` returns
        a :class:`~kube9.core.ports.NodeBackend`; it may open connections, but must not make anything yet.

    Duplicate names and exceptions: as for :func:`kube9_register_schedulers`.
    """


@hookspec
def kube9_register_health_checks(register: RegisterHealthCheck) -> None:
    """Offer health checks by name.

    Called once per plugin at start-up, in order of the plugins' names. The result is ignored.

    :param register: call ``register(name, factory)`` once per check; ``factory(**options)`` returns a
        :class:`~kube9.core.ports.HealthCheck`.

    Duplicate names and exceptions: as for :func:`kube9_register_schedulers`.
    """


@hookspec
def kube9_register_trace_readers(register: RegisterTraceReader) -> None:
    """Offer readers of trace files; a file goes to the first that recognises it, or to ``--trace-format``.

    Called once per plugin at start-up, in order of the plugins' names. The result is ignored.

    :param register: call ``register(name, factory)`` once per format; ``factory(**options)`` returns a
        :class:`~kube9.core.ports.TraceReader`.

    Duplicate names and exceptions: as for :func:`kube9_register_schedulers`.
    """


@hookspec
def kube9_register_commands(register: RegisterCommand) -> None:
    """Offer commands of the ``kube9`` program.

    Called once per plugin at start-up, in order of the plugins' names. The result is ignored.

    :param register: call ``register(name, factory)`` once per command; ``factory()`` returns a ``click.Command`` and
        is called only when the command runs or its help is shown.

    Duplicate names and exceptions: as for :func:`kube9_register_schedulers`. A built-in command cannot be replaced.
    """


@hookspec
def kube9_pod_bound(pod: Pod, node: Node, at_ms: int) -> None:
    """A pod was bound to a node.

    Called once per binding, after the change is stored, in no promised order among plugins. The result is ignored.

    :param pod: the pod right after the binding; ``pod.epoch`` tells this binding from others.
    :param node: the node it was bound to.
    :param at_ms: cluster time in milliseconds.

    An exception is reported against the plugin and does not stop the others, unless plugins are strict.
    """


@hookspec
def kube9_pod_evicted(pod: Pod, node_name: str, at_ms: int) -> None:
    """A pod lost its node, or could not be started there, and is queued again.

    Called once per eviction, after the change is stored, in no promised order among plugins. The result is ignored.

    :param pod: the pod right after it was queued again.
    :param node_name: the node it was on; the node itself may be gone.
    :param at_ms: cluster time in milliseconds.

    An exception is reported against the plugin and does not stop the others, unless plugins are strict.
    """


@hookspec
def kube9_pod_ready(pod: Pod, at_ms: int) -> None:
    """A pod runs, and all its containers are ready.

    Called once per change to that, after it is stored, in no promised order among plugins. The result is ignored.

    :param pod: the pod right after the change.
    :param at_ms: cluster time in milliseconds.

    An exception is reported against the plugin and does not stop the others, unless plugins are strict.
    """


@hookspec
def kube9_pod_unready(pod: Pod, at_ms: int) -> None:
    """A pod that starts or runs is not ready, or not for another reason than before.

    Called once per change of that, after it is stored, in no promised order among plugins. The result is ignored. What
    ends, or loses its node, is not ready either, and is told as that alone.

    :param pod: the pod right after the change; its ``reason`` says what ails it.
    :param at_ms: cluster time in milliseconds.

    An exception is reported against the plugin and does not stop the others, unless plugins are strict.
    """


@hookspec
def kube9_container_restarted(pod: Pod, at_ms: int) -> None:
    """The node of a pod started a container of it again: it had ended, or failed its liveness or startup probe.

    Called once per restart, or once for several that were told together, after the change is stored, in no promised
    order among plugins. The result is ignored.

    :param pod: the pod right after the change; its ``restarts`` counts those of the present epoch.
    :param at_ms: cluster time in milliseconds.

    An exception is reported against the plugin and does not stop the others, unless plugins are strict.
    """


@hookspec
def kube9_pod_finished(pod: Pod, at_ms: int) -> None:
    """A pod ended by itself.

    Called once per pod, after the change is stored, in no promised order among plugins. The result is ignored.

    :param pod: the pod with its phase, ``Succeeded`` or ``Failed``, and its exit code.
    :param at_ms: cluster time in milliseconds.

    An exception is reported against the plugin and does not stop the others, unless plugins are strict.
    """


@hookspec
def kube9_node_ready(node: Node, at_ms: int) -> None:
    """A node is up: new, recovered, or trusted again after suspicion.

    Called once per change to Ready, after it is stored, in no promised order among plugins. The result is ignored.

    :param node: the node right after the change.
    :param at_ms: cluster time in milliseconds.

    An exception is reported against the plugin and does not stop the others, unless plugins are strict.
    """


@hookspec
def kube9_node_failed(node: Node, at_ms: int) -> None:
    """A node is not counted on any more, and its pods move as soon as nothing of them can run there.

    Called once per failure, after the change is stored, in no promised order among plugins. The result is ignored.

    :param node: the node right after the change; its ``lease_left_ms`` is how long its pods may still run there.
    :param at_ms: cluster time in milliseconds.

    An exception is reported against the plugin and does not stop the others, unless plugins are strict.
    """


@hookspec
def kube9_node_fenced(node: Node, at_ms: int) -> None:
    """A node that failed surely runs nothing any more, so its pods move without waiting for its lease.

    Called once per lease cut short, after that is stored, in no promised order among plugins. The result is ignored.

    :param node: the node right after the change.
    :param at_ms: cluster time in milliseconds.

    An exception is reported against the plugin and does not stop the others, unless plugins are strict.
    """


@hookspec
def kube9_node_lost(node: Node, at_ms: int) -> None:
    """A node was given up: it could not be made, or every recovery attempt failed.

    Called once per loss, after the change is stored, in no promised order among plugins. The result is ignored.

    :param node: the node right after the change.
    :param at_ms: cluster time in milliseconds.

    An exception is reported against the plugin and does not stop the others, unless plugins are strict.
    """


@hookspec
def kube9_node_drained(node: Node, at_ms: int) -> None:
    """A node that was drained is empty, and can be taken away; it takes no pods until it is uncordoned.

    Called once per drain, unless it is undone, in no promised order among plugins. The result is ignored.

    :param node: the node right after its last pod left.
    :param at_ms: cluster time in milliseconds.

    An exception is reported against the plugin and does not stop the others, unless plugins are strict.
    """


@hookspec
def kube9_moves_held(reason: str, at_ms: int) -> None:
    """So many nodes look dead at once that pods of nodes that are down stay where they are for now.

    Called once per reason to hold them, in no promised order among plugins. The result is ignored.

    :param reason: why they stay, for people.
    :param at_ms: cluster time in milliseconds.

    An exception is reported against the plugin and does not stop the others, unless plugins are strict.
    """


@hookspec
def kube9_moves_resumed(reason: str, at_ms: int) -> None:
    """Pods of nodes that are down move again.

    Called once per time that they had been held, in no promised order among plugins. The result is ignored.

    :param reason: why they had been held, for people.
    :param at_ms: cluster time in milliseconds.

    An exception is reported against the plugin and does not stop the others, unless plugins are strict.
    """
