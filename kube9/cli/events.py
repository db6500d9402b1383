"""``kube9 events``: what happened, and what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kube9.cli.connection import ClientCommand, client_options
from kube9.cli.eventtable import show_events, watch_events
from kube9.cli.output import output_option

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["events"]


@click.command(cls=ClientCommand)
@client_options
@output_option
@click.option("-w", "--watch", "watching", is_flag=True, help="Go on with what happens from now on.")
@click.option("--since-id", type=click.IntRange(min=0), metavar="ID", help="Only those after this one.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="The last so many at the most."
)
@click.option("--kind", type=click.Choice(["Pod", "Node", "Deployment"]), help="Only those about such a thing.")
@click.option("--name", metavar="NAME", help="Only those about a thing of this name.")
@click.option("-n", "--namespace", metavar="NAME", help="Only those about a thing in this namespace.")
@click.option("--type", "type", metavar="TYPE", help="Only those of this type, such as PodBound.")
def events(
    client: Client, output: str, watching: bool, since_id: int | None, limit: int, **filters: str | None
) -> None:
    """Show the last events, the newest at the end.

    With --watch it goes on with what happens then, and waits for a server that is away for a while: nothing in between
    is missed.
    """
    if watching:
        watch_events(client, output, since_id=since_id, limit=limit, filters=filters)
    else:
        show_events(client.events(after=since_id, limit=limit, **filters), output)
