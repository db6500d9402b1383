"""A group of commands about one kind of thing: ``kube9 node list``."""

from __future__ import annotations

import click

from kube9.cli.connection import ClientCommand
from kube9.core.errors import UnknownName

__all__ = ["Noun"]


class Noun(click.Group):
    """Lists its verbs in the order they were written, and suggests the nearest for one that is not there."""

    command_class = ClientCommand

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (Click passes it)
        return list(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is None and not ctx.resilient_parsing:
            raise UnknownName.of(
                "command", f"{self.name} {cmd_name}", [f"{self.name} {verb}" for verb in self.commands]
            )
        return command
