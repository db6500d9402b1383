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

__all__ = ["show_live"]

#: Virtual seconds in one second of whoever watches.
_SPEED = 5
_FRAME_S = 0.05
_LOG_LINES = 9
_BAR_CELLS = 12

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
    events.NodeAdded: "dim",
    events.NodeFailed: "bold red",
    events.NodeReady: "green",
    events.NodeRecovering: "yellow",
    events.PodEvicted: "red",
    events.PodFinished: "dim",
    events.PodUnschedulable: "yellow",
    NodeDied: "bold red",
}


def show_live(demo: Demo, console: Console) -> None:
    """Play ``demo`` at a pace that one can follow; the last picture stays."""
    log: deque[Text] = deque(maxlen=_LOG_LINES)
    died: set[str] = set()
    story = Story()
    pause = threading.Event()  # never set: to wait on it is to sleep, and Ctrl-C ends it at once
    start_s = time.monotonic()

    def now_ms() -> int:
        return round((time.monotonic() - start_s) * 1000 * _SPEED)

    with Live(console=console, auto_refresh=False) as live:
        for event in demo.play():
            while now_ms() < event.at_ms:
                live.update(_picture(demo, now_ms(), log, died), refresh=True)
                pause.wait(_FRAME_S)
            if isinstance(event, NodeDied):
                died.add(event.node.uid)
            elif isinstance(event, events.NodeFailed):
                died.discard(event.node.uid)
            if sentence := story.tell(event):
                style = "bold" if isinstance(event, events.PodBound) and event.pod.epoch > 1 else ""
                style = _LOOK_OF_EVENT.get(type(event), style)
                log.append(Text.assemble((f"{event.at_ms / 1000:5.1f}s  ", "dim"), (sentence, style), overflow="ellipsis"))
        live.update(_picture(demo, ENDS_MS, log, died), refresh=True)


def _picture(demo: Demo, now_ms: int, log: Iterable[Text], died: set[str]) -> RenderableType:
    title = Text.assemble(("kube9 demo", "bold"), f"   {demo.scheduler}   ", (f"{now_ms / 1000:.0f}s", "dim"))
    lines = list(log)
    lines += [Text("")] * (_LOG_LINES - len(lines))
    return Group(Padding(title, (1, 1, 0, 1)), _nodes(demo, died), _below(demo), Padding(Group(*lines), (1, 1, 0, 1)))


def _nodes(demo: Demo, died: set[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=True)
    for title in ("node", "state"):
        table.add_column(title, no_wrap=True, min_width=12 if title == "state" else 7)
    for title in ("cpu", "memory"):
        table.add_column(title, no_wrap=True, min_width=_BAR_CELLS + 5)
    table.add_column("pods", no_wrap=True, overflow="crop")
    for node in demo.cluster.nodes.values():
        row = demo.cluster.table.row_of[node.uid]
        bars = [_bar(demo, resource, row) for resource in ("cpu", "memory")]
        table.add_row(node.name, _state(node, dead=node.uid in died), *bars, _squares(demo.pods_on(node)))
    return table


def _state(node: Node, *, dead: bool) -> Text:
    if dead:
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
    waiting = [pod for pod in demo.cluster.pods.values() if pod.node_uid is None]
    key = Text("  ").join(Text.assemble(("■ ", colour), (app, "dim")) for app, colour in _COLOUR_OF_APP.items())
    return Padding(Text.assemble(key, ("      waiting  ", "dim"), _squares(waiting) if waiting else ("none", "dim")), (0, 1))
