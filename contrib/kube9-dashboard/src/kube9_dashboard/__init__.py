"""``kube9 dashboard``: a cluster in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import kube9

if TYPE_CHECKING:
    import click

    from kube9.core.hookspecs import RegisterCommand

__all__ = ["kube9_register_commands"]


@kube9.hookimpl
def kube9_register_commands(register: RegisterCommand) -> None:
    register("dashboard", _command)


def _command() -> click.Command:
    # Every `kube9` command loads the plugins; only this one is to pay for what the dashboard needs.
    from kube9_dashboard.command import dashboard

    return dashboard
