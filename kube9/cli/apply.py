"""``kube9 apply``: what manifests describe is made so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kube9.cli.connection import ClientCommand, client_options
from kube9.cli.documents import files_option, located, read_documents
from kube9.cli.namespace import where_option
from kube9.cli.output import output_option
from kube9.cli.placements import show_applied, show_plan

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["apply"]


@click.command(cls=ClientCommand)
@client_options
@output_option
@files_option
@where_option
@click.option("--dry-run", is_flag=True, help="Change nothing, and say what would land where.")
def apply(client: Client, output: str, files: tuple[str, ...], namespace: str | None, dry_run: bool) -> None:
    """Create or change what manifests describe: kube9's own, and Kubernetes's pods and deployments.

    All are checked before anything is done. What kube9 cannot honour is refused, or told where it changes nothing of
    what runs.
    """
    documents = read_documents(files)
    plain = [document for _, document in documents]
    with located(documents):
        if dry_run:
            show_plan(client.plan(plain, namespace=namespace), output, documents)
        else:
            show_applied(client.apply(plain, namespace=namespace), output, documents)
