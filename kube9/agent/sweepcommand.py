"""``agent.pyz sweep``: the agent and all that the node runs are ended, and removed; returns when nothing runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kube9.agent.commands import CommandFailed
from kube9.agent.configuration import read_node
from kube9.agent.processid import end_agent

__all__ = ["run"]


def run(folder: str, asked: Mapping[str, Any]) -> int:  # noqa: ARG001
    node = read_node(Path(folder))
    if not end_agent(folder):
        # It might begin something anew: whoever has this done tries again, rather than believe that nothing runs.
        raise CommandFailed("Away", "the agent was killed, and has not ended")
    if node.runtime == "docker":
        from kube9.agent.engine import Engine
        from kube9.agent.sweep import Sweep

        Sweep(Engine(node.engine), node.node_uid).clean()
    else:
        from kube9.agent.process import sweep_folder

        sweep_folder(folder, node.node_uid)
    return 0
