"""``kube9 top``: how full the nodes are, and what pods take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kube9.cli.connection import ClientCommand, client_options
from kube9.cli.listing import show_list
from kube9.cli.namespace import all_option, namespace_option
from kube9.cli.nodetable import HoldWarning
from kube9.cli.output import wide_output_option
from kube9.cli.podusetable import by_measured_use, pod_use_fields
from kube9.cli.usetable import by_use, use_fields

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["top"]

NODES, PODS = "nodes", "pods"


@click.command(cls=ClientCommand)
@client_options
@wide_output_option
@click.argument("what", type=click.Choice([NODES, PODS]), default=NODES)
@click.option("-l", "--selector", metavar="LABELS", help="Only those with these labels, such as zone=a.")
@namespace_option
@all_option
def top(client: Client, output: str, what: str, selector: str | None, namespace: str, all_namespaces: bool) -> None:
    """Show how full each node is, the fullest first, or what pods really take.

    What is in use of a node is what the pods there asked for. What their programs really take stands beside it, as
    "now", where it is measured, as it is on nodes that kube9's agent runs on. Of pods, those that take most come first.
    """
    if what == PODS:
        pods = by_measured_use(client.pods(namespace=None if all_namespaces else namespace, selector=selector))
        show_list("Pod", pods, output, pod_use_fields(namespaces=all_namespaces))
        return
    nodes = by_use(client.nodes(selector=selector))
    show_list("Node", nodes, output, use_fields(nodes))
    HoldWarning(client).look(nodes)
