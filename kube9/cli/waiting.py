"""Waiting for a cluster to get somewhere, and saying meanwhile how far it is."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click

from kube9.cli.options import verbosity
from kube9.core.errors import Conflict, InvalidInput
from kube9.files.fields import duration_ms

__all__ = ["timeout_option", "wait_option", "wait_until"]

F = TypeVar("F", bound=Callable[..., object])

_POLL_S = 0.2


def wait_option(until: str) -> Callable[[F], F]:
    """Give a command ``--wait`` and ``--timeout``, as ``wait`` and ``timeout_s``."""

    def with_options(function: F) -> F:
        return click.option("--wait", is_flag=True, help=f"Wait until {until}.")(timeout_option(function))

    return with_options


def timeout_option(function: F) -> F:
    return click.option(
        "--timeout",
        "timeout_s",
        default="60s",
        show_default=True,
        metavar="TIME",
        callback=lambda _ctx, _param, text: seconds("--timeout", text),
        help="How long to wait at the most; such as 90s or 5m.",
    )(function)


def seconds(option: str, text: str | None) -> float | None:
    """A time such as ``90s``, in seconds; ``None`` for none.

    :raises InvalidInput: it is no time.
    """
    try:
        return None if text is None else duration_ms(text) / 1000
    except InvalidInput as exc:
        raise InvalidInput(f"{option}: {exc}") from exc


def wait_until(what: str, left: Callable[[], str], timeout_s: float) -> None:
    """Ask again and again what is ``left`` to wait for, until that is nothing.

    :param what: what is waited for, such as ``pod web to run``.
    :raises Conflict: time is up.
    """
    deadline_s = time.monotonic() + timeout_s
    pause = threading.Event()  # never set: to wait for it is to sleep
    with _spinner() as say:
        while missing := left():
            if time.monotonic() >= deadline_s:
                raise Conflict(f"waited {timeout_s:g} s for {what}: {missing}")
            say(f"waiting for {what}: {missing}")
            pause.wait(_POLL_S)


@contextmanager
def _spinner() -> Iterator[Callable[[str], None]]:
    """Yield a function that says where things are, on a terminal alone."""
    if not sys.stderr.isatty() or verbosity(click.get_current_context()) < 0:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status("") as status:
        yield lambda text: status.update(Text(text))
