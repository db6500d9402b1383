"""Subscribers hear what happened, one by one, and a fault of one is known by its name."""

from __future__ import annotations

import logging

import pytest
from attrs import evolve

from kube9.core import events, hookspecs
from kube9.core.errors import PluginError
from kube9.core.nodes import Node, NodeSpec
from kube9.core.pods import Pod, PodSpec
from kube9.plugins.door import Door, Subscriber

NODE = Node(uid="n1", spec=NodeSpec(name="node-1"), ordinal=0)
POD = Pod(uid="p1", spec=PodSpec(name="pod-1"), ordinal=0, created_at_ms=0, node_uid="n1")
EVENT_HOOKS = sorted(
    name for name in vars(hookspecs) if name.startswith("kube9_") and not name.startswith("kube9_register_")
)

#: For each hook, the event that leads to it and what subscribers are given.
ANNOUNCED = {
    "kube9_pod_bound": (
        events.PodBound(at_ms=7, pod=POD, node=NODE),
        {"pod": POD, "node": NODE, "at_ms": 7},
    ),
    "kube9_pod_evicted": (
        events.PodEvicted(at_ms=7, pod=POD, node_name="gone"),
        {"pod": POD, "node_name": "gone", "at_ms": 7},
    ),
    "kube9_pod_ready": (events.PodReady(at_ms=7, pod=POD), {"pod": POD, "at_ms": 7}),
    "kube9_pod_unready": (events.PodUnready(at_ms=7, pod=POD), {"pod": POD, "at_ms": 7}),
    "kube9_container_restarted": (events.ContainerRestarted(at_ms=7, pod=POD), {"pod": POD, "at_ms": 7}),
    "kube9_pod_finished": (events.PodFinished(at_ms=7, pod=POD), {"pod": POD, "at_ms": 7}),
    "kube9_node_ready": (events.NodeReady(at_ms=7, node=NODE), {"node": NODE, "at_ms": 7}),
    "kube9_node_failed": (events.NodeFailed(at_ms=7, node=NODE), {"node": NODE, "at_ms": 7}),
    "kube9_node_fenced": (events.NodeFenced(at_ms=7, node=NODE), {"node": NODE, "at_ms": 7}),
    "kube9_node_lost": (events.NodeLost(at_ms=7, node=NODE), {"node": NODE, "at_ms": 7}),
    "kube9_node_drained": (events.NodeDrained(at_ms=7, node=NODE), {"node": NODE, "at_ms": 7}),
    "kube9_moves_held": (events.MovesHeld(at_ms=7, reason="why"), {"reason": "why", "at_ms": 7}),
    "kube9_moves_resumed": (events.MovesResumed(at_ms=7, reason="why"), {"reason": "why", "at_ms": 7}),
}


def subscriber(function, *arguments, plugin="gpu", owner="kube9-gpu 1.2"):
    return Subscriber(plugin, owner, function, arguments)


def fail(*_):
    raise ZeroDivisionError("no devices")


def test_every_event_hook_is_announced_here():
    assert sorted(ANNOUNCED) == EVENT_HOOKS


@pytest.mark.parametrize("hook", EVENT_HOOKS)
def test_the_door_has_a_method_for_each_event_hook(hook):
    heard = []
    _, values = ANNOUNCED[hook]
    door = Door({hook: (subscriber(lambda *given: heard.append(given), *values),)})
    getattr(door, hook.removeprefix("kube9_"))(**values)
    assert heard == [tuple(values.values())]


@pytest.mark.parametrize("hook", EVENT_HOOKS)
def test_an_event_reaches_its_hook_and_no_other(hook):
    heard = []
    door = Door(
        {
            name: (subscriber(lambda *given, name=name: heard.append((name, given)), *values),)
            for name, (_, values) in ANNOUNCED.items()
        }
    )
    event, values = ANNOUNCED[hook]
    door.announce(event)
    assert heard == [(hook, tuple(values.values()))]


@pytest.mark.parametrize("ready", [True, False])
def test_a_pod_that_is_ready_as_soon_as_it_runs_is_told_as_ready(ready):
    heard = []
    door = Door({"kube9_pod_ready": (subscriber(lambda *given: heard.append(given), "pod", "at_ms"),)})
    pod = evolve(POD, ready=ready)
    door.announce(events.PodRunning(at_ms=7, pod=pod))
    assert heard == ([(pod, 7)] if ready else [])


def test_an_event_without_a_hook_or_a_subscriber_is_passed_over():
    door = Door({})
    door.announce(events.PodBound(at_ms=1, pod=POD, node=NODE))
    door.announce(events.StaleReport(at_ms=1, what="an old epoch"))


def test_a_subscriber_gets_only_what_it_asks_for_in_its_own_order():
    heard = []
    door = Door({"kube9_node_lost": (subscriber(lambda *given: heard.append(given), "at_ms", "node"),)})
    door.node_lost(node=NODE, at_ms=3)
    assert heard == [(3, NODE)]


def test_a_fault_is_logged_by_plugin_and_hook_and_stops_nobody(caplog):
    heard = []
    door = Door(
        {
            "kube9_node_lost": (
                subscriber(heard.append, "at_ms", plugin="first"),
                subscriber(fail, "at_ms"),
                subscriber(lambda at_ms: heard.append(-at_ms), "at_ms", plugin="last"),
            )
        }
    )
    door.node_lost(node=NODE, at_ms=3)
    assert heard == [3, -3]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info[0] is ZeroDivisionError
    message = "plugin 'gpu' (kube9-gpu 1.2) failed in kube9_node_lost: ZeroDivisionError: no devices"
    assert record.getMessage().startswith(message)


def test_a_fault_that_comes_again_is_a_line(caplog):
    door = Door({"kube9_node_lost": (subscriber(fail, "at_ms"),), "kube9_node_failed": (subscriber(fail, "at_ms"),)})
    door.node_lost(node=NODE, at_ms=3)
    door.node_lost(node=NODE, at_ms=4)
    door.node_failed(node=NODE, at_ms=5)
    assert [bool(record.exc_info) for record in caplog.records] == [True, False, True]


def test_strict_raises_the_first_fault_with_its_cause():
    heard = []
    calls = (subscriber(fail, "at_ms"), subscriber(heard.append, "at_ms"))
    door = Door({"kube9_node_lost": calls}, strict=True)
    with pytest.raises(PluginError, match=r"plugin 'gpu' \(kube9-gpu 1.2\) failed in kube9_node_lost") as caught:
        door.node_lost(node=NODE, at_ms=3)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert heard == []


def test_a_subscriber_that_would_end_the_process_is_a_fault_like_any_other(caplog):
    def leave():
        raise SystemExit(3)

    heard = []
    calls = (subscriber(leave, plugin="leaver"), subscriber(heard.append, "node"))
    Door({"kube9_node_lost": calls}).announce(events.NodeLost(at_ms=7, node=NODE))
    assert heard == [NODE]
    assert "plugin 'leaver' (kube9-gpu 1.2) failed in kube9_node_lost: SystemExit: 3" in caplog.text


def test_an_interrupt_is_nobodys_fault():
    def interrupted():
        raise KeyboardInterrupt

    door = Door({"kube9_node_lost": (subscriber(interrupted),)})
    with pytest.raises(KeyboardInterrupt):
        door.announce(events.NodeLost(at_ms=7, node=NODE))
