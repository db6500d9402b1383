"""The demonstration on a terminal: the nodes and how full they are, and what happened last."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kube9.cli.story import Story
from kube9.core import events
from kube9.core.nodes import Node, NodePhase
from kube9.core.pods import Pod
from kube9.simulator.demo import ENDS_MS, Demo, NodeDied

__all__ = ["Screen", "show_live"]

#: Virtual seconds in one second of whoever watches.
_SPEED = 5
_FRAME_S = 0.05
#: Lines of the picture that are not the log's.
_OTHER_LINES = 14
_LOG_LINES_MIN, _LOG_LINES_MAX = 4, 14
_BAR_CELLS = 10

_COLOUR_OF_APP = {"web": "cyan", "api": "green", "cache": "magenta", "train": "yellow", "batch": "bright_blue"}
_LOOK_OF_PHASE = {
    NodePhase.PROVISIONING: ("dim", "○"),
    NodePhase.READY: ("green", "●"),
    NodePhase.SUSPECT: ("yellow", "●"),
    NodePhase.FAILED: ("red", "●"),
    NodePhase.RECOVERING: ("yellow", "◌"),
    NodePhase.LOST: ("red", "✕"),
}
_LOOK_OF_EVENT: dict[type[events.Event], str] = {
    events.MovesHeld: "bold red",
    events.MovesResumed: "green",
    events.NodeAdded: "dim",
    events.NodeFailed: "bold red",
    events.NodeFenced: "yellow",
    events.NodeReady: "green",
    events.NodeRecovering: "yellow",
    events.PodEvicted: "red",
    events.PodFinished: "dim",
    events.PodUnschedulable: "yellow",
    NodeDied: "bold red",
}


def show_live(demo: Demo, console: Console) -> None:
    """Play ``demo`` at a pace that one can follow; the last picture stays."""
    screen = Screen(demo, min(max(console.height - _OTHER_LINES, _LOG_LINES_MIN), _LOG_LINES_MAX))
    pause = threading.Event()  # never set: to wait for it is to sleep
    start_s = time.monotonic()
    with Live(console=console, auto_refresh=False) as live:
        while (at_ms := demo.next_at_ms) is not None:
            while (now_ms := round((time.monotonic() - start_s) * 1000 * _SPEED)) < at_ms:
                live.update(screen.picture(now_ms), refresh=True)
                pause.wait(_FRAME_S)
            for event in demo.step():
                screen.note(event)
        live.update(screen.picture(ENDS_MS), refresh=True)


class Screen:
    """What is on the terminal."""

    def __init__(self, demo: Demo, log_lines: int) -> None:
        self._demo = demo
        self._log = deque([Text("")] * log_lines, maxlen=log_lines)
        self._story = Story()
        #: Uids of nodes that are down without the cluster's knowledge.
        self._silent: set[str] = set()

    def note(self, event: events.Event) -> None:
        """Take up what happened."""
        if isinstance(event, NodeDied):
            self._silent.add(event.node.uid)
        elif isinstance(event, events.NodeFailed):
            self._silent.discard(event.node.uid)
        if sentence := self._story.tell(event):
            moved = isinstance(event, events.PodBound) and event.pod.epoch > 1
            style = _LOOK_OF_EVENT.get(type(event), "bold" if moved else "")
            line = Text.assemble((f"{event.at_ms / 1000:5.1f}s  ", "dim"), (sentence, style))
            line.no_wrap, line.overflow = True, "ellipsis"
            self._log.append(line)

    def picture(self, now_ms: int) -> RenderableType:
        """Everything, as it is now."""
        demo = self._demo
        title = Text.assemble(("kube9 demo", "bold"), f"   {demo.scheduler}   ", (f"{now_ms / 1000:.0f}s", "dim"))
        log = Padding(Group(*self._log), (1, 1, 0, 1))
        return Group(Padding(title, (1, 1, 0, 1)), _nodes(demo, self._silent), _below(demo), log)


def _nodes(demo: Demo, silent: set[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=True)
    for title in ("node", "state"):
        table.add_column(title, no_wrap=True, min_width=14 if title == "state" else 7)
    for title in ("cpu", "memory"):
        table.add_column(title, no_wrap=True, min_width=_BAR_CELLS + 5)
    table.add_column("pods", no_wrap=True, overflow="crop", min_width=18)
    for node in demo.cluster.nodes.values():
        row = demo.cluster.table.row_of[node.uid]
        bars = [_bar(demo, resource, row) for resource in ("cpu", "memory")]
        table.add_row(node.name, _state(node, silent=node.uid in silent), *bars, _squares(demo.pods_on(node)))
    return table


def _state(node: Node, *, silent: bool) -> Text:
    if silent:
        return Text("✕ silent", style="bold red")
    colour, sign = _LOOK_OF_PHASE[node.phase]
    return Text.assemble((sign, colour), " ", node.phase.value)


def _bar(demo: Demo, resource: str, row: int) -> Text:
    """How much of ``resource`` is taken on a node."""
    table = demo.cluster.table
    capacity = int(table.capacity[resource][row])
    share = 1 - int(table.free[resource][row]) / capacity
    full = round(share * _BAR_CELLS)
    colour = "red" if share > 0.9 else "yellow" if share > 0.7 else "green"
    return Text.assemble(("━" * full, colour), ("━" * (_BAR_CELLS - full), "bright_black"), f" {share:4.0%}")


def _squares(pods: Iterable[Pod]) -> Text:
    """A square for each pod in the colour of its app; hollow until it runs."""
    return Text(" ").join(
        Text("■" if pod.phase.value == "Running" else "□", style=_COLOUR_OF_APP[pod.spec.labels["app"]]) for pod in pods
    )


def _below(demo: Demo) -> Padding:
    """Which colour is which app, and the pods without a node."""
    key = Text("  ").join(Text.assemble(("■ ", colour), (app, "dim")) for app, colour in _COLOUR_OF_APP.items())
    waiting = [pod for pod in demo.cluster.pods.values() if pod.node_uid is None]
    shown = _squares(waiting) if waiting else Text("none", style="dim")
    return Padding(Text.assemble(key, ("      waiting  ", "dim"), shown), (0, 1))
