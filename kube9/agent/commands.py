"""What ``agent.pyz`` is asked to do: to be the agent, or one of the things that are done beside it, by its first word.

What a command is to be about comes as one line of JSON on its input: nothing of it is ever part of a shell's line. One
that fails says so in one line of JSON on its error output, and exits with :data:`FAILED`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

__all__ = ["COMMANDS", "FAILED", "CommandFailed", "main"]

#: Told from what a program in a container exits with by the line on the error output.
FAILED = 125
_LINE_BYTES_MAX = 2**20
#: The module of each. It has ``run(folder, asked)``, which returns the exit code.
COMMANDS = {
    "exec": "kube9.agent.execcommand",
    "logs": "kube9.agent.logscommand",
    "look": "kube9.agent.lookcommand",
    "resize": "kube9.agent.resizecommand",
    "start": "kube9.agent.startcommand",
    "status": "kube9.agent.statuscommand",
    "stop": "kube9.agent.stopcommand",
    "sweep": "kube9.agent.sweepcommand",
}
_ASKING = ("exec", "logs", "resize")
_CONFIG = "--config"
_USAGE = f"usage: agent.pyz {{{','.join(sorted(COMMANDS))}}} {_CONFIG} DIR"


class CommandFailed(Exception):
    """:param kind: InvalidInput, Conflict, NotFound or Away."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until it is done; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] not in COMMANDS:
        from kube9.agent.main import main as be_the_agent

        return be_the_agent(words)
    if len(words) != 3 or words[1] != _CONFIG:
        print(_USAGE, file=sys.stderr)  # noqa: T201
        return 2
    try:
        asked = _read_question(0) if words[0] in _ASKING else {}
        code: int = import_module(COMMANDS[words[0]]).run(os.path.abspath(words[2]), asked)
    except BrokenPipeError:
        os._exit(FAILED)  # nobody reads it any more, so that there is nothing to be said
    except CommandFailed as exc:
        return _failed(exc.kind, str(exc))
    except KeyboardInterrupt:
        return 130
    except Exception as exc:
        return _failed("Away" if isinstance(exc, OSError) else "Error", f"{type(exc).__name__}: {exc}")
    return code


def _failed(kind: str, message: str) -> int:
    print(json.dumps({"error": kind, "message": message}), file=sys.stderr, flush=True)  # noqa: T201
    return FAILED


def _read_question(file: int) -> Mapping[str, Any]:
    """The first line, and not a byte more: what follows is for the program in the container."""
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = os.read(file, 1)
        if not piece:
            break
        line += piece
        if len(line) > _LINE_BYTES_MAX:
            raise CommandFailed("InvalidInput", f"the question is longer than {_LINE_BYTES_MAX} bytes")
    try:
        asked = json.loads(line.decode("utf-8"))
        if "uid" not in asked and "session" in asked:
            return dict(asked)
        if type(asked["uid"]) is str and type(asked["epoch"]) is int:
            return dict(asked)
    except (ValueError, LookupError, TypeError) as exc:
        raise CommandFailed("InvalidInput", f"expected a line of JSON with uid and epoch: {exc}") from exc
    raise CommandFailed("InvalidInput", "expected uid as a text, and epoch as a whole number")
