"""Offers the built-in commands by the same door as every plugin's, so that none of them can be taken twice."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kube9.cli.catalogue import BUILT_IN, built_in_command
from kube9.core.hookspecs import hookimpl

if TYPE_CHECKING:
    from kube9.core.hookspecs import RegisterCommand


@hookimpl
def kube9_register_commands(register: RegisterCommand) -> None:
    for name in BUILT_IN:
        register(name, partial(built_in_command, name))
