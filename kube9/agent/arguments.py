"""The words that an agent is started with.

Read here, for ``argparse`` takes longer to load than the rest of the agent's start, and memory for as long as it runs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

__all__ = ["Arguments"]

_USAGE = "usage: agent.pyz [-h] [--config DIR] [--log FILE] [--leave-seconds N]"
_HELP = f"""{_USAGE}

The agent of a kube9 node: runs its pods.

options:
  -h, --help         show this message and exit
  --config DIR       where node.json, server.json and token are (default: /etc/kube9)
  --log FILE         where to log, in files that stay small (default: stderr)
  --leave-seconds N  how long pods get to stop when the agent is told to leave (default: 10)
"""


class Arguments:
    """:raises SystemExit: they ask for help, or cannot be used."""

    def __init__(self, words: Sequence[str]) -> None:
        self.config = Path("/etc/kube9")
        self.log: Path | None = None
        self.leave_seconds = 10.0
        #: The number of an open file, which ends for whoever waits until the agent has begun.
        self.begun: int | None = None
        left = list(words)
        while left:
            word = left.pop(0)
            if word in ("-h", "--help"):
                sys.stdout.write(_HELP)
                raise SystemExit(0)
            name, given, value = word.partition("=")
            if name not in _READ:
                _refuse(f"there is no {name}")
            if not given:
                if not left:
                    _refuse(f"{name}: expected a value")
                value = left.pop(0)
            setattr(self, name[2:].replace("-", "_"), _READ[name](name, value))


def _path(_: str, text: str) -> Path:
    return Path(text)


def _seconds(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 86_400:
        _refuse(f"{name}: expected seconds from 0 to 86400, got {text!r}")
    return value


def _number(name: str, text: str) -> int:
    if not text.isdigit():
        _refuse(f"{name}: expected the number of an open file, got {text!r}")
    return int(text)


def _refuse(why: str) -> NoReturn:
    sys.stderr.write(f"{_USAGE}\nagent.pyz: error: {why}\n")
    raise SystemExit(2)


_READ: Any = {"--config": _path, "--log": _path, "--leave-seconds": _seconds, "--begun": _number}
