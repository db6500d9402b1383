"""The agent's own log where nobody else keeps it small."""

from __future__ import annotations

import logging

from kube9.agent.logfile import LogFile

__all__ = ["RotatedLog"]

_BYTES_MAX, _FILES_MAX = 2**20, 3


class RotatedLog(logging.Handler):
    """:raises OSError: the file cannot be made."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._file = LogFile(path, _BYTES_MAX, _FILES_MAX)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._file.write(self.format(record).encode("utf-8", "replace") + b"\n")
        except Exception:
            self.handleError(record)
