"""The options that every command of a live cluster has: which server, and how one gets in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["ClientCommand", "client_of", "client_options", "state_dir_option"]

F = TypeVar("F", bound=Callable[..., Any])

_SERVER, _TOKEN, _CA_CERT, _STATE_DIR = "server", "token", "ca_cert", "state_dir"
_NAMES = (_SERVER, _TOKEN, _CA_CERT, _STATE_DIR)


class ClientCommand(click.Command):
    """Lists a command's own options first in its help, and those that every such command has apart from them."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own: list[tuple[str, str]] = []
        shared: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            if (record := param.get_help_record(ctx)) is not None:
                (shared if param.name in _NAMES else own).append(record)
        for title, records in (("Options", own), ("Server", shared)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def client_options(function: F) -> Callable[..., Any]:
    """Give a command ``--server`` and its companions, and its function a client as ``client``.

    Goes right below ``@click.command()``.
    """

    @wraps(function)
    def with_client(*args: Any, **kwargs: Any) -> Any:
        told = {name: kwargs.pop(name) for name in _NAMES}
        with client_of(told) as client:
            return function(*args, client=client, **kwargs)

    options = (
        click.option("--server", metavar="URL", help="The server; else KUBE9_SERVER, or the one on this machine."),
        click.option(
            "--token", metavar="TOKEN", help="Its token; else KUBE9_TOKEN, or the one in the state directory."
        ),
        click.option(
            "--ca-cert", metavar="FILE", help="Certificates to trust instead of the system's; else KUBE9_CA_CERT."
        ),
        state_dir_option,
    )
    command: Callable[..., Any] = with_client
    for option in reversed(options):
        command = option(command)
    return command


def state_dir_option(function: F) -> F:
    """Give a command ``--state-dir`` as ``state_dir``."""
    return click.option(
        "--state-dir",
        metavar="DIR",
        help="Where a server on this machine keeps its state; else KUBE9_STATE_DIR, or ~/.local/state/kube9.",
    )(function)


def client_of(told: dict[str, Any], **settings: Any) -> Client:
    """The client that the values of :func:`client_options` ask for; those that are missing count as not given."""
    from kube9.client import Client

    server, token, ca_cert, state_dir = (told.get(name) for name in _NAMES)
    return Client(server, token, ca_cert, state_dir=state_dir, **settings)
