"""The program that runs on a node: ``python3 agent.pyz --config DIR``."""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from kube9.agent.agent import Agent
from kube9.agent.arguments import Arguments
from kube9.agent.board import Board
from kube9.agent.configuration import (
    ConfigurationError,
    NodeConfiguration,
    ServerConfiguration,
    read_node,
    read_server,
)
from kube9.agent.courier import Couriers
from kube9.agent.guard import Guard
from kube9.agent.processid import claim
from kube9.agent.rotatedlog import RotatedLog
from kube9.agent.runtimes import RuntimeMaker, find_runtime

__all__ = ["main"]

_GUARD_LOOK_S = 1.0
_CLEAN_PAUSE_S, _CLEAN_PAUSE_S_MAX = 0.5, 10.0
_FAREWELL_S = 2.0

_log = logging.getLogger("kube9.agent")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to leave; returns the exit code."""
    options = Arguments(sys.argv[1:] if arguments is None else arguments)
    _log_to(options.log)
    try:
        node, server = read_node(options.config), read_server(options.config)
        maker = find_runtime(node.runtime)
    except ConfigurationError as exc:
        print(f"{exc}", file=sys.stderr)  # noqa: T201
        return 2
    lock = claim(str(options.config)) if maker.make_home is not None or options.log is not None else -1
    if options.begun is not None:
        os.close(options.begun)
    if lock is None:
        print(f"the agent of {options.config} runs already", file=sys.stderr)  # noqa: T201
        return 3
    try:
        return _Program(options.config, node, server, maker).run(int(options.leave_seconds * 1_000))
    except Exception:
        # Started apart from any terminal, it has nobody else to tell.
        _log.exception("it cannot go on")
        return 1


def _log_to(path: Path | None) -> None:
    handler: logging.Handler = logging.StreamHandler(sys.stderr) if path is None else RotatedLog(str(path))
    logging.basicConfig(
        handlers=[handler], level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


class _Signals:
    """Signals that came, for a thread that waits."""

    def __init__(self) -> None:
        self._came: set[int] = set()
        self._out, self._in = os.pipe()
        os.set_blocking(self._in, False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note)
        signal.set_wakeup_fd(self._in, warn_on_full_buffer=False)

    def _note(self, number: int, _: Any) -> None:
        self._came.add(number)

    def wait(self, timeout_s: float) -> None:
        if select.select([self._out], [], [], timeout_s)[0]:
            os.read(self._out, 1_024)

    def take(self, *numbers: int) -> bool:
        """Whether one of them came since this was last asked."""
        came = self._came.intersection(numbers)
        self._came -= came
        return bool(came)


class _Program:
    def __init__(self, folder: Path, node: NodeConfiguration, server: ServerConfiguration, maker: RuntimeMaker) -> None:
        self._signals = _Signals()
        self._home = None if maker.make_home is None else maker.make_home(node)
        self._guard: Guard | None = None
        boot = os.urandom(16).hex()
        if self._home is not None:
            past = self._home.past
            boot = boot if past is None else past.boot
            self._agent = Agent(boot, self._home.make_runtime, self._home.board, past=past, save=self._home.save)
        else:
            board = Board()
            # Before there is any other thread, or the guard would have what they held.
            self._guard = Guard(board, maker.make_sweep(node))
            self._guard.start()
            self._agent = Agent(boot, partial(maker.make_runtime, node), board)
        self._couriers = Couriers(self._agent, node.node, folder, server)
        self._leaving = threading.Event()
        _log.info(
            "node=%s uid=%s cluster=%s boot=%s server=%s", node.node, node.node_uid, node.cluster, boot, server.url
        )

    def run(self, leave_ms: int) -> int:
        beginning = threading.Thread(target=self._begin, name="kube9-begin", daemon=True)
        beginning.start()
        while not self._signals.take(signal.SIGTERM, signal.SIGINT):
            if self._signals.take(signal.SIGHUP):
                self._couriers.read_again()
            if self._guard is not None:
                self._guard.look_after()
            self._signals.wait(_GUARD_LOOK_S)
        self._leaving.set()
        self._agent.leave(leave_ms)
        farewell = self._agent.farewell()
        self._agent.close()
        self._couriers.say_farewell(farewell, _FAREWELL_S)
        if self._guard is not None:
            self._guard.stop()
        if self._home is not None:
            self._home.leave()
        _log.info("left")
        return 0

    def _begin(self) -> None:
        """Remove what earlier starts left, however long that takes, and beat from then on."""
        pause_s = _CLEAN_PAUSE_S
        while not self._leaving.is_set():
            try:
                self._agent.runtime.clean()
            except Exception as exc:
                _log.warning("what was here before cannot be removed yet: %s", exc)
                self._leaving.wait(pause_s)
                pause_s = min(_CLEAN_PAUSE_S_MAX, pause_s * 2)
            else:
                self._agent.begin()
                self._couriers.start()
                return


if __name__ == "__main__":
    sys.exit(main())
