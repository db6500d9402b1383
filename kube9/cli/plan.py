"""``kube9 plan``: what manifests would lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kube9.cli.connection import ClientCommand, client_options
from kube9.cli.documents import files_option, located, read_documents
from kube9.cli.namespace import where_option
from kube9.cli.output import output_option
from kube9.cli.placements import show_plan

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["plan"]


@click.command(cls=ClientCommand)
@client_options
@output_option
@files_option
@where_option
def plan(client: Client, output: str, files: tuple[str, ...], namespace: str | None) -> None:
    """Show which node each pod of some manifests would get now, or why it would wait; change nothing."""
    documents = read_documents(files)
    with located(documents):
        planned = client.plan([document for _, document in documents], namespace=namespace)
    show_plan(planned, output, documents)
