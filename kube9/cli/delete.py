"""``kube9 delete``: what manifests describe is taken away again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from kube9.cli.connection import ClientCommand, client_options
from kube9.cli.documents import files_option, read_documents
from kube9.cli.namespace import where_option
from kube9.cli.several import do_each

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["delete"]

#: Kind, namespace and name.
Thing = tuple[str, str, str]


@click.command(cls=ClientCommand)
@client_options
@files_option
@where_option
def delete(client: Client, files: tuple[str, ...], namespace: str | None) -> None:
    """Delete what manifests describe, the last first."""
    things = [_thing(document, namespace) for _, document in reversed(read_documents(files))]
    done = do_each([thing for thing in things if thing[0] in _DELETES], lambda thing: _DELETES[thing[0]](client, thing))
    for kind, _, name in done.things:
        click.echo(f"{kind.lower()} {name} is being deleted")
    done.end()


def _thing(document: dict[str, Any], namespace: str | None) -> Thing:
    meta = document.get("metadata") or {}
    return str(document.get("kind")), meta.get("namespace") or namespace or "default", str(meta.get("name"))


_DELETES: dict[str, Callable[[Client, Thing], object]] = {
    "Deployment": lambda client, thing: client.delete_deployment(thing[2], namespace=thing[1]),
    "Node": lambda client, thing: client.delete_node(thing[2]),
    "Pod": lambda client, thing: client.delete_pod(thing[2], namespace=thing[1]),
}
