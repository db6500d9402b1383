"""``agent.pyz start``: an agent is started that goes on by itself, unless there is one; says which process it is."""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kube9.agent.commands import CommandFailed
from kube9.agent.configuration import ConfigurationError, read_node, read_server
from kube9.agent.logreader import last_lines
from kube9.agent.openfiles import close_above
from kube9.agent.processid import agent_of

__all__ = ["BEGUN", "LOG", "run"]

#: Below the folder of the node.
LOG = "agent.log"
#: Of the agent: what it closes when it has begun.
BEGUN = 3
_BEGIN_S = 10.0
_LINES = 5


def run(folder: str, asked: Mapping[str, Any]) -> int:  # noqa: ARG001
    try:
        read_node(Path(folder))
        read_server(Path(folder))
    except ConfigurationError as exc:
        raise CommandFailed("InvalidInput", str(exc)) from exc
    running = agent_of(folder)
    if running is None:
        running = _started(folder, _start(folder))
    print(json.dumps(running))  # noqa: T201
    return 0


def _start(folder: str) -> int:
    """In a session of its own, with nothing of what whoever starts it has open.

    Returns a pipe that ends when it has begun, or has ended.
    """
    sys.stdout.flush()
    told, telling = os.pipe()
    between = os.fork()
    if between:
        os.close(telling)
        os.waitpid(between, 0)
        return told
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        void = os.open(os.devnull, os.O_RDWR)
        for number, file in enumerate((void, void, void, telling)):
            os.dup2(file, number)
        close_above(BEGUN)
        os.chdir("/")
        program = os.path.abspath(sys.argv[0])
        arguments = [sys.executable, "-I", "-S", program, "--config", folder, "--log", f"{folder}/{LOG}"]
        arguments += ["--begun", str(BEGUN)]
        os.execv(sys.executable, arguments)  # noqa: S606  (no shell is the point)
    finally:
        os._exit(1)


def _started(folder: str, told: int) -> Mapping[str, Any]:
    over, _, _ = select.select([told], [], [], _BEGIN_S)
    os.close(told)
    running = agent_of(folder)
    if running is not None:
        return running
    said = b"".join(last_lines(f"{folder}/{LOG}", _LINES)).decode("utf-8", "replace")
    why = "ended soon after its start" if over else f"did not start within {_BEGIN_S:g} s"
    raise CommandFailed("Away", f"the agent {why}, and its log ends with: {said}")
