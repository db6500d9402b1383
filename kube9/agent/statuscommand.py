"""``agent.pyz status``: whether the agent and its warden run, and which processes they are."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from kube9.agent.podfolder import read_document
from kube9.agent.processid import agent_of, is_alive
from kube9.agent.wardenplace import status_file

__all__ = ["run", "status"]


def run(folder: str, asked: Mapping[str, Any]) -> int:  # noqa: ARG001
    print(json.dumps(status(folder)))  # noqa: T201
    return 0


def status(folder: str) -> dict[str, Any]:
    """In words of JSON; ``None`` for what does not run."""
    warden = read_document(status_file(folder))
    return {
        "agent": agent_of(folder),
        "warden": warden if warden is not None and is_alive(warden) else None,
        "sha256": _sha256(sys.argv[0]),
    }


def _sha256(path: str) -> str:
    """Of the program that says this; empty where it is no file."""
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""
