"""What is said on stderr besides errors: log records, at a level that ``-v`` and ``-q`` choose."""

from __future__ import annotations

import logging

import click

__all__ = ["show_logs", "show_server_logs"]


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


class _DatedHandler(_EchoHandler):
    """The same for a program that runs for long: ``2026-01-31 12:00:00 WARNING message``, and every traceback."""

    def __init__(self) -> None:
        super().__init__(traceback=True)
        self._dated = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self._dated.format(record), err=True)


def show_logs(verbosity: int) -> None:
    """Show kube9's log records on stderr.

    :param verbosity: -1 for errors only, 0 for warnings too, 1 for all there is, with tracebacks.
    """
    _show(_EchoHandler(traceback=verbosity > 0), {-1: logging.ERROR, 0: logging.WARNING}.get(verbosity, logging.DEBUG))


def show_server_logs(verbosity: int) -> None:
    """Show kube9's log records on stderr with their times.

    :param verbosity: -1 for warnings and errors only, 0 for what happens too, 1 for all there is.
    """
    _show(_DatedHandler(), {-1: logging.WARNING, 0: logging.INFO}.get(verbosity, logging.DEBUG))


def _show(shown: logging.Handler, level: int) -> None:
    logger = logging.getLogger("kube9")
    for handler in [handler for handler in logger.handlers if isinstance(handler, _EchoHandler)]:
        logger.removeHandler(handler)
    logger.addHandler(shown)
    logger.setLevel(level)
