"""``agent.pyz logs``: what a container wrote, as it wrote it."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kube9.agent.commands import CommandFailed
from kube9.agent.configuration import read_node
from kube9.agent.logreader import followed, last_lines, read_all
from kube9.agent.podfolder import NOTE, read_document
from kube9.agent.podnote import chosen
from kube9.agent.processrecipe import folder_name, log_path

__all__ = ["run"]


def run(folder: str, asked: Mapping[str, Any]) -> int:
    """``container``, ``follow``, ``tail`` and ``previous`` are as a backend's log options have them."""
    if read_node(Path(folder)).runtime == "docker":
        from kube9.agent.dockerlogs import pieces

        _write(pieces(folder, asked))
        return 0
    pod = f"{folder}/pods/{_folder_name(asked)}"
    note = read_document(f"{pod}/{NOTE}")
    if note is None:
        return 0  # it has not been started, or nothing of it is left
    name = chosen(note["order"]["spec"], asked.get("container") or "", note["order"]["name"])
    run_number = note["care"]["members"][name]["run"]
    if asked.get("previous"):
        run_number -= 1
        if run_number < 1:
            raise CommandFailed("InvalidInput", f"container {name!r} has not run before")
    path, tail = log_path(pod, name, run_number), asked.get("tail")
    if asked.get("follow") and not asked.get("previous"):
        _write(followed(path, tail, lambda: _has_ended(folder, asked, name, run_number)))
    else:
        _write(read_all(path) if tail is None else last_lines(path, tail))
    return 0


def _folder_name(asked: Mapping[str, Any]) -> str:
    try:
        return folder_name(asked["uid"], asked["epoch"])
    except ValueError as exc:
        raise CommandFailed("InvalidInput", str(exc)) from exc


def _write(pieces: Iterable[bytes]) -> None:
    """Until there is no more, or nobody reads it."""
    for piece in pieces:
        if piece:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        elif _is_left():
            return


def _is_left() -> bool:
    """Whether whoever was to read has gone."""
    poll = select.poll()
    poll.register(1, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))


def _has_ended(folder: str, asked: Mapping[str, Any], container: str, run_number: int) -> bool:
    """Whether nothing more will be written by that run."""
    from kube9.agent.wardenlink import WardenAway
    from kube9.agent.wardenrun import ENDED, run_id
    from kube9.agent.wardentalk import question

    if not os.path.isdir(f"{folder}/pods/{_folder_name(asked)}"):
        return True
    try:
        runs = question(folder, {"do": "list"})["runs"]
    except WardenAway:
        return True
    wanted = run_id(asked["uid"], asked["epoch"], container, run_number)
    state = next((run["state"] for run in runs if run["run"] == wanted), None)
    return state in (None, ENDED)
