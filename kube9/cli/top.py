"""``kube9 top``: how full the nodes are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kube9.cli.connection import ClientCommand, client_options
from kube9.cli.listing import show_list
from kube9.cli.nodetable import HoldWarning
from kube9.cli.output import wide_output_option
from kube9.cli.usetable import by_use, use_fields

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["top"]


@click.command(cls=ClientCommand)
@client_options
@wide_output_option
@click.option("-l", "--selector", metavar="LABELS", help="Only nodes with these labels, such as zone=a.")
def top(client: Client, output: str, selector: str | None) -> None:
    """Show how full each node is, the fullest first.

    What is in use is what the pods there asked for, not what their programs really take.
    """
    nodes = by_use(client.nodes(selector=selector))
    show_list("Node", nodes, output, use_fields(nodes))
    HoldWarning(client).look(nodes)
