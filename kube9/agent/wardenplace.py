"""Where the warden of a node is found, and how one is started. Whoever only asks it need not load all that it is."""

from __future__ import annotations

import os
import sys

__all__ = ["LOG", "RUN", "SOCKET", "SPEAKS", "launch", "status_file"]

#: Below the folder of the node.
RUN, SOCKET, LOG = "run", "run/warden.sock", "warden.log"
#: Of what it is asked and answers; an agent that speaks another version starts another warden.
SPEAKS = 1
_CODE = "import sys; sys.path.insert(0, sys.argv[1]); from kube9.agent.wardenprogram import main; main(sys.argv[2:])"


def status_file(folder: str) -> str:
    """Where it says which process it is."""
    return f"{folder}/{RUN}/warden.json"


def launch(folder: str, node_uid: str) -> None:
    """Start one, unless there is one; it may take a moment until it answers.

    :raises OSError:
    """
    os.makedirs(f"{folder}/{RUN}", mode=0o700, exist_ok=True)
    root = os.path.abspath(__file__)
    for _ in ("file", "agent", "kube9"):
        root = os.path.dirname(root)
    # Neither site-packages nor the user's settings are any use to it. Left without texts that nobody reads, by -OO, it
    # would compile what it needs of the standard library each time that it starts.
    arguments = [sys.executable, "-I", "-S", "-B", "-c", _CODE, root, folder, node_uid]
    void = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    pid = os.posix_spawn(sys.executable, arguments, {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}, file_actions=void)
    # What was spawned goes on in the background, and ends itself.
    os.waitpid(pid, 0)
