"""The cluster at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kube9_dashboard.model.nodes import NodeRow, allocations, node_row, pods_per_node
from kube9_dashboard.model.phases import CORDONED, NODE_PHASES, POD_PHASES
from kube9_dashboard.model.pods import PodRow, pod_row, queue_reasons
from kube9_dashboard.model.quantities import share_text, shown
from kube9_dashboard.views.charts import columns
from kube9_dashboard.views.events import events_table
from kube9_dashboard.views.frame import Page, ask, live, now, status
from kube9_dashboard.views.markup import Column, Html, counts, empty, joined, link, meters, phase, section, table, tag

__all__ = ["nodes_now", "show"]

#: Of pods that wait, so many are read to say why, and so many are listed.
_QUEUE_READ, _QUEUE_SHOWN, _REASONS_SHOWN = 500, 5, 6
_EVENTS_SHOWN = 8
#: Up to so many, each node has a bar of its own.
_NODES_NAMED = 30


def show() -> None:
    live(_draw, "overview")


def nodes_now() -> list[NodeRow]:
    """All nodes, in the order they joined."""
    return ask(("nodes",), lambda client: [node_row(node) for node in client.node_page(limit=10_000)["items"]])


def _draw(page: Page) -> None:
    told = status().value or {}
    nodes = nodes_now()
    page.add(tag("div", _counted_nodes(told["nodes"], nodes), _counted_pods(told["pods"]), class_="grid"), _GAP)
    page.add(tag("div", _allocation(nodes), _queue(told["pods"].get("Pending", 0)), class_="grid"), _GAP)
    if any(node.pods for node in nodes):
        _pods_per_node(page, nodes)
    latest = ask(("events", "latest"), lambda client: client.events(limit=_EVENTS_SHOWN))
    page.add(section("Latest events", _latest(latest), tag("div", link("events", "All events"), class_="foot")))


_GAP = Html('<div style="height:28px"></div>')


def _pods_per_node(page: Page, nodes: Sequence[NodeRow]) -> None:
    """One bar for each node, or, where they are many, one for each number of pods."""
    few = len(nodes) <= _NODES_NAMED
    page.add(section("Pods per node", aside="" if few else "how many nodes have so many pods"))
    page.draw()
    if few:
        columns([(node.name, node.pods) for node in nodes], "node", "pods")
    else:
        columns(pods_per_node(nodes), "pods on a node", "nodes")


def _counted_nodes(by_phase: Mapping[str, int], nodes: Sequence[NodeRow]) -> Html:
    looks = [(look, by_phase.get(look.word, 0)) for look in NODE_PHASES.values()]
    cordoned = sum(node.cordoned for node in nodes)
    aside = [tag("div", phase(CORDONED, " "), tag("b", f"{cordoned:,}"), class_="foot")] if cordoned else []
    total = sum(by_phase.values())
    if not total:
        hint = tag("p", "Add one: ", link("nodes", "Nodes"), " has a form, as has ", tag("code", "kube9 node add"), ".")
        return section("Nodes", empty("No nodes yet.", hint))
    return section("Nodes", counts(total, "nodes" if total != 1 else "node", looks, "nodes"), *aside)


def _counted_pods(by_phase: Mapping[str, int]) -> Html:
    looks = [(look, by_phase.get(look.word, 0)) for look in POD_PHASES.values()]
    total = sum(by_phase.values())
    if not total:
        hint = tag("p", "Run one: ", link("pods", "Pods"), " has a form, as has ", tag("code", "kube9 pod run"), ".")
        return section("Pods", empty("No pods yet.", hint))
    return section("Pods", counts(total, "pods" if total != 1 else "pod", looks, "pods"))


def _allocation(nodes: Sequence[NodeRow]) -> Html:
    rows = [
        (
            each.resource,
            each.share,
            share_text(each.used, each.capacity),
            f"{shown(each.resource, each.used)} of {shown(each.resource, each.capacity)}",
        )
        for each in allocations(nodes)
    ]
    return section("Allocation", meters(rows) if rows else empty("Nothing to allocate.", "No node has any capacity."))


def _queue(waiting: int) -> Html:
    if not waiting:
        return section("Queue", empty("No pod waits.", "Every pod has a node."))
    documents = ask(("queue",), lambda client: client.pod_page(limit=_QUEUE_READ, phase="Pending")["items"])
    pods = [pod_row(document) for document in documents]
    few = f", counted over the first {_QUEUE_READ}" if waiting > _QUEUE_READ else ""
    reasons = queue_reasons(pods)
    rows = [(reason, (reason, f"{count:,}")) for reason, count in reasons[:_REASONS_SHOWN]]
    first = joined(*(joined(", " if at else "", pod_link(pod)) for at, pod in enumerate(pods[:_QUEUE_SHOWN])))
    return section(
        "Queue",
        table([Column("Waits for", "wide"), Column("Pods", "num")], rows, "Why pods wait"),
        tag(
            "div",
            tag("span", "First: ", first),
            link("pods", "All that wait", query={"phase": "Pending"}),
            class_="foot",
        ),
        aside=f"{waiting:,} wait{'s' if waiting == 1 else ''}{few}",
    )


def _latest(events: Sequence[Mapping[str, Any]]) -> Html:
    return events_table(events, now()) if events else empty("Nothing has happened yet.", "")


def pod_link(pod: PodRow) -> Html:
    """To the page of a pod."""
    return link("pods", pod.name, query={"namespace": pod.namespace, "name": pod.name})
