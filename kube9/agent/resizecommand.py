"""``agent.pyz resize``: the terminal of a command gets another size."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kube9.agent.configuration import read_node
from kube9.agent.engine import Engine
from kube9.agent.execcommand import session_file
from kube9.agent.podfolder import read_document
from kube9.agent.terminal import resize

__all__ = ["run"]


def run(folder: str, asked: Mapping[str, Any]) -> int:
    """``session``, ``rows`` and ``columns``; where that command has ended, nothing happens."""
    told = read_document(session_file(folder, str(asked.get("session", ""))))
    if told is not None and "exec" in told:
        from kube9.agent.dockerexec import resize_exec

        engine = Engine(read_node(Path(folder)).engine)
        resize_exec(engine, told["exec"], int(asked["rows"]), int(asked["columns"]))
    elif told is not None:
        try:
            file = os.open(told["terminal"], os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            return 0  # it is gone by now
        resize(file, int(asked["rows"]), int(asked["columns"]))
    return 0
