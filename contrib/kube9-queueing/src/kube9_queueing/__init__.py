"""Queue orders that go by how long pods run, EASY backfill for any of them, and the published table they repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import kube9
from kube9_queueing.easy import easy
from kube9_queueing.orders import F1, ShortestFirst
from kube9_queueing.windows import SwfWindows

if TYPE_CHECKING:
    import click

    from kube9.core.hookspecs import RegisterCommand, RegisterQueueDiscipline, RegisterTraceReader

__all__ = ["F1", "ShortestFirst", "SwfWindows", "easy"]


@kube9.hookimpl
def kube9_register_queue_disciplines(register: RegisterQueueDiscipline) -> None:
    register("sjf", ShortestFirst)
    register("f1", F1)
    register("easy", easy)


@kube9.hookimpl
def kube9_register_trace_readers(register: RegisterTraceReader) -> None:
    register("swf-windows", SwfWindows)


@kube9.hookimpl
def kube9_register_commands(register: RegisterCommand) -> None:
    register("lublin", _lublin)


def _lublin() -> click.Command:
    # Loaded when it is run: every start of kube9 loads this module.
    from kube9_queueing.lublin import lublin

    return lublin
