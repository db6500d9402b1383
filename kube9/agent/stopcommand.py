"""``agent.pyz stop``: the agent stops its pods, says so to the server, and leaves; returns when it has."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

from kube9.agent.commands import CommandFailed
from kube9.agent.processid import end_agent

__all__ = ["run"]

#: Longer than the agent takes for leaving if nothing is in its way.
_LEAVE_S = 40.0


def run(folder: str, asked: Mapping[str, Any]) -> int:  # noqa: ARG001
    if not end_agent(folder, signal.SIGTERM, _LEAVE_S):
        raise CommandFailed("Away", f"the agent did not leave within {_LEAVE_S:g} s; sweep ends it by force")
    return 0
