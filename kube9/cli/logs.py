"""What is said on stderr besides errors: log records, at a level that ``-v`` and ``-q`` choose."""

from __future__ import annotations

import logging

import click

__all__ = ["show_logs"]


class _EchoHandler(logging.Handler):
    """Writes a record as ``Warning: message``, to whatever stderr is at that moment."""

    def __init__(self, *, traceback: bool) -> None:
        super().__init__()
        self._traceback = traceback

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.levelname.capitalize()}: {record.getMessage()}"
        if self._traceback and record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        click.echo(text, err=True)


def show_logs(verbosity: int) -> None:
    """Show kube9's log records on stderr.

    :param verbosity: -1 for errors only, 0 for warnings too, 1 for all there is, with tracebacks.
    """
    logger = logging.getLogger("kube9")
    for handler in [handler for handler in logger.handlers if isinstance(handler, _EchoHandler)]:
        logger.removeHandler(handler)
    logger.addHandler(_EchoHandler(traceback=verbosity > 0))
    logger.setLevel({-1: logging.ERROR, 0: logging.WARNING}.get(verbosity, logging.DEBUG))
