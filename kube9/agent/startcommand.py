"""``agent.pyz start``: an agent is started that goes on by itself, unless there is one; says which process it is."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kube9.agent.commands import CommandFailed
from kube9.agent.configuration import ConfigurationError, read_node, read_server
from kube9.agent.logreader import last_lines
from kube9.agent.processid import agent_of

__all__ = ["LOG", "run"]

#: Below the folder of the node.
LOG = "agent.log"
_BEGIN_S, _LOOK_S = 10.0, 0.01
_LINES = 5


def run(folder: str, asked: Mapping[str, Any]) -> int:  # noqa: ARG001
    try:
        read_node(Path(folder))
        read_server(Path(folder))
    except ConfigurationError as exc:
        raise CommandFailed("InvalidInput", str(exc)) from exc
    running = agent_of(folder)
    if running is None:
        _start(folder)
        running = _started(folder)
    print(json.dumps(running))  # noqa: T201
    return 0


def _start(folder: str) -> None:
    """In a session of its own, with nothing of what whoever starts it has open."""
    sys.stdout.flush()
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        return
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        void = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(void, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.chdir("/")
        program = os.path.abspath(sys.argv[0])
        arguments = [sys.executable, "-I", "-S", program, "--config", folder, "--log", f"{folder}/{LOG}"]
        os.execv(sys.executable, arguments)  # noqa: S606  (no shell is the point)
    finally:
        os._exit(1)


def _started(folder: str) -> Mapping[str, Any]:
    end_s = time.monotonic() + _BEGIN_S
    while time.monotonic() < end_s:
        running = agent_of(folder)
        if running is not None:
            return running
        time.sleep(_LOOK_S)  # noqa: TID251  (nobody tells when it has come so far)
    said = b"".join(last_lines(f"{folder}/{LOG}", _LINES)).decode("utf-8", "replace")
    raise CommandFailed("Away", f"the agent did not start within {_BEGIN_S:g} s; its log ends with: {said}")
