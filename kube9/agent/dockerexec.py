"""A command in a container of this node's Docker engine, at the input and output of this process."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import termios
import threading
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Callable  # noqa: UP035  (Python 3.8)

from kube9.agent.commands import CommandFailed
from kube9.agent.configuration import read_node
from kube9.agent.dockerlogs import find_container, frames
from kube9.agent.engine import Engine, EngineError, Stream
from kube9.agent.podfolder import write_document

__all__ = ["execute", "resize_exec"]

_PIECE_BYTES = 65_536


def execute(folder: str, asked: Mapping[str, Any], note: str) -> int:
    """What the command exits with.

    :param note: a file that says which command it is, as long as it runs; empty for none.
    """
    node = read_node(Path(folder))
    engine = Engine(node.engine)
    container = find_container(engine, node.node_uid, asked)
    if container is None or container["State"] != "running":
        raise CommandFailed("Conflict", f"pod {asked['uid']!r} epoch {asked['epoch']} does not run here")
    terminal = bool(asked.get("terminal"))
    about = {"AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "Tty": terminal, "Cmd": asked["command"]}
    try:
        exec_id = engine.ask("POST", f"/containers/{container['Id']}/exec", about)["Id"]
        os.write(2, b'{"begun": true}\n')
        stream = engine.stream("POST", f"/exec/{exec_id}/start", {"Detach": False, "Tty": terminal})
    except EngineError as exc:
        raise CommandFailed("Conflict" if exc.status == 409 else "InvalidInput", str(exc)) from exc
    with _noted(note, exec_id), _sized(asked, terminal, lambda *size: resize_exec(engine, exec_id, *size)):
        threading.Thread(target=_carry_in, args=(stream,), daemon=True).start()
        parts = stream.parts()
        for number, piece in ((1, part) for part in parts) if terminal else frames(parts):
            _write(number, piece)
        stream.close()
    return int(engine.ask("GET", f"/exec/{exec_id}/json")["ExitCode"] or 0)


def resize_exec(engine: Engine, exec_id: str, rows: int, columns: int) -> None:
    """Where it has ended, nothing happens."""
    with suppress(EngineError):
        engine.ask("POST", f"/exec/{exec_id}/resize", query={"h": rows, "w": columns})


def _carry_in(stream: Stream) -> None:
    with suppress(OSError):
        while True:
            data = os.read(0, _PIECE_BYTES)
            if not data:
                stream.end_input()
                return
            stream.send(data)


@contextmanager
def _noted(path: str, exec_id: str) -> Iterator[None]:
    if path:
        write_document(path, {"exec": exec_id})
    try:
        yield
    finally:
        if path:
            with suppress(FileNotFoundError):
                os.unlink(path)


@contextmanager
def _sized(asked: Mapping[str, Any], terminal: bool, resize: Callable[[int, int], None]) -> Iterator[None]:
    """Its terminal is as large as ours, or as was said."""
    if not terminal or not os.isatty(0):
        if terminal and asked.get("rows") and asked.get("columns"):
            resize(int(asked["rows"]), int(asked["columns"]))
        yield
        return
    before = termios.tcgetattr(0)

    def follow(*_: Any) -> None:
        rows, columns, _, _ = struct.unpack("HHHH", fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8)))
        resize(rows, columns)

    tty.setraw(0)
    signal.signal(signal.SIGWINCH, follow)
    follow()
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def _write(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]
