"""``kube9 plan``: what manifests would lead to, and what would become of the cluster."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from kube9.cli.connection import ClientCommand, client_options
from kube9.cli.documents import located, optional_files_option, read_documents
from kube9.cli.livenames import node_names
from kube9.cli.namespace import where_option
from kube9.cli.output import output_option
from kube9.cli.placements import show_plan
from kube9.cli.prospect import is_refused, show_prospect
from kube9.cli.wanted import added_documents

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["plan"]


@click.command(cls=ClientCommand)
@client_options
@output_option
@optional_files_option
@where_option
@click.option(
    "--fail", multiple=True, metavar="NODE", shell_complete=node_names, help="Suppose it is gone; repeatable."
)
@click.option(
    "--drain", multiple=True, metavar="NODE", shell_complete=node_names, help="Suppose it is drained; repeatable."
)
@click.option("--add", multiple=True, metavar="SPEC", help="Suppose more nodes, as in 4xcpu=4,memory=8Gi; repeatable.")
@click.option("--losses", is_flag=True, help="Say how many nodes can be lost, also where none of these is given.")
@click.option(
    "--check",
    is_flag=True,
    help="Exit with 1 if a pod would have no place, or, with --losses, if a node cannot be lost.",
)
def plan(client: Client, output: str, files: tuple[str, ...], check: bool, **given: Any) -> None:
    """Show where pods would go: those of some manifests, or of nodes that fail or are drained; change nothing."""
    supposed = {name: given[name] for name in ("fail", "drain", "add", "losses")}
    if not files and not any(supposed.values()):
        raise click.UsageError("nothing to plan: give -f, --fail, --drain, --add or --losses")
    losses = given["losses"]
    documents = read_documents(files) if files else []
    supposed.update(add=added_documents(given["add"]), losses=losses or None)
    with located(documents):
        planned = client.plan([document for _, document in documents], namespace=given["namespace"], **supposed)
    show = show_prospect if "moves" in planned else show_plan
    show(planned, output, documents)
    if check and is_refused(planned, losses=losses):
        sys.exit(1)
