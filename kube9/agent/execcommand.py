"""``agent.pyz exec``: a command in a container that runs, at the input and output of this process.

The first line of its error output is its own: that the command begins, or why it does not.
"""

from __future__ import annotations

import os
import re
import select
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from kube9.agent.commands import CommandFailed
from kube9.agent.configuration import read_node
from kube9.agent.podfolder import NOTE, read_document, write_document
from kube9.agent.podnote import chosen
from kube9.agent.processrecipe import folder_name
from kube9.agent.terminal import Terminal
from kube9.agent.wardenlink import WardenAway, WardenRefused
from kube9.agent.wardenrun import ENDED
from kube9.agent.wardentalk import Talk

__all__ = ["run", "session_file"]

_SESSION = re.compile(r"[A-Za-z0-9-]{1,64}\Z")


def session_file(folder: str, session: str) -> str:
    """Where a command with a terminal says which one that is.

    :raises CommandFailed: none can be called so.
    """
    if not _SESSION.match(session):
        raise CommandFailed("InvalidInput", f"session: expected at most 64 letters, digits or '-', got {session!r:.80}")
    return f"{folder}/run/terminal-{session}.json"


def run(folder: str, asked: Mapping[str, Any]) -> int:
    """``container``, ``command``, and ``terminal`` with ``rows`` and ``columns``, and ``session`` to resize it by.

    Returns what the command exits with.
    """
    command = asked.get("command")
    if not isinstance(command, list) or not command or not all(type(word) is str for word in command):
        raise CommandFailed("InvalidInput", "command: expected a list of texts that is not empty")
    if read_node(Path(folder)).runtime == "docker":
        from kube9.agent.dockerexec import execute

        return execute(folder, asked, session_file(folder, asked["session"]) if asked.get("session") else "")
    name = _container(folder, asked)  # before anything is said
    about = {"do": "command", "uid": asked["uid"], "epoch": asked["epoch"], "container": name, "argv": command}
    try:
        return _at_terminal(folder, asked, about) if asked.get("terminal") else _beside(folder, about)
    except WardenRefused as exc:
        raise CommandFailed("Conflict", str(exc)) from exc
    except WardenAway as exc:
        raise CommandFailed("Conflict", f"nothing runs: {exc}") from exc


def _container(folder: str, asked: Mapping[str, Any]) -> str:
    try:
        note = read_document(f"{folder}/pods/{folder_name(asked['uid'], asked['epoch'])}/{NOTE}")
    except ValueError as exc:
        raise CommandFailed("InvalidInput", str(exc)) from exc
    if note is None:
        raise CommandFailed("Conflict", f"pod {asked['uid']!r} epoch {asked['epoch']} does not run here")
    return chosen(note["order"]["spec"], asked.get("container") or "", note["order"]["name"])


def _beside(folder: str, about: Mapping[str, Any]) -> int:
    """It has our own input and output, so that nothing is to be carried."""
    talk = Talk(folder)
    _say_begun(talk, about)
    started = talk.ask(about, (0, 1, 2))["run"]
    poll = select.poll()
    poll.register(talk.fileno(), select.POLLIN)
    poll.register(1, 0)  # whether whoever was to read has gone
    while (ended := _end(talk, started)) is None:
        happened = dict(poll.poll())
        if 1 in happened:
            return 141  # as a program does that writes to nobody; the warden ends it when we are gone
        talk.listen()
    return _code(ended)


def _at_terminal(folder: str, asked: Mapping[str, Any], about: Mapping[str, Any]) -> int:
    note = session_file(folder, asked["session"]) if asked.get("session") else ""
    talk = Talk(folder)
    _say_begun(talk, about)
    terminal = Terminal(int(asked.get("rows") or 0), int(asked.get("columns") or 0))
    try:
        if note:
            write_document(note, {"terminal": terminal.name})
        env = {"TERM": str(asked.get("term") or os.environ.get("TERM") or "xterm")}
        started = talk.ask({**about, "terminal": True, "env": env}, (terminal.inside,) * 3)["run"]
        terminal.hand_over()

        def has_ended() -> bool:
            talk.listen()
            return _end(talk, started) is not None

        # It may have written all that it writes, and have ended, by now.
        terminal.carry(talk.fileno(), has_ended, over=_end(talk, started) is not None)
        return _code(_end(talk, started) or started)
    finally:
        terminal.restore()
        if note:
            with suppress(FileNotFoundError):
                os.unlink(note)


def _say_begun(talk: Talk, about: Mapping[str, Any]) -> None:
    """If it can."""
    talk.ask({**about, "check": True})
    os.write(2, b'{"begun": true}\n')


def _end(talk: Talk, started: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for told in (started, *talk.events):
        if told.get("run") == started["run"] and told["state"] == ENDED:
            return told
    return None


def _code(told: Mapping[str, Any]) -> int:
    if told["error"]:
        raise CommandFailed("InvalidInput", f"the command cannot be run: {told['error']}")
    return int(told["exitCode"])
