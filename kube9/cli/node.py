"""``kube9 node``: the machines that pods run on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kube9.cli.connection import client_options
from kube9.cli.listing import show_list, show_object
from kube9.cli.livenames import backend_names, node_names
from kube9.cli.nodetable import NODE_FIELDS, node_lines, node_status, warn_of_hold
from kube9.cli.noun import Noun
from kube9.cli.output import output_option, wide_output_option
from kube9.cli.remaining import count_of, remaining
from kube9.cli.several import do_each, show_documents
from kube9.cli.waiting import seconds, wait_option, wait_until
from kube9.cli.wanted import node_document

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["node"]

Document = dict[str, Any]

names_argument = click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=node_names)


@click.group(cls=Noun)
def node() -> None:
    """Add, list, drain, fail and delete nodes."""


@node.command("add")
@client_options
@output_option
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--cpu", metavar="QUANTITY", help="Its cores, such as 4 or 500m.")
@click.option("--memory", metavar="QUANTITY", help="Its memory, such as 8Gi.")
@click.option("--pods", metavar="COUNT", help="The most pods it takes; no limit where it is unsaid.")
@click.option("--capacity", multiple=True, metavar="RESOURCE=QUANTITY", help="Any other resource; repeatable.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="A label; repeatable.")
@click.option("--taint", "taints", multiple=True, metavar="KEY[=VALUE]:EFFECT", help="Keeps pods away; repeatable.")
@click.option(
    "--device", "devices", multiple=True, metavar="KIND", help="Such as kind=gpu,count=8,model=V100; repeatable."
)
@click.option("--backend", metavar="NAME", shell_complete=backend_names, help="Who makes it; else the server's own.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="For its backend; repeatable.")
@wait_option("they are ready")
def add(client: Client, output: str, names: tuple[str, ...], wait: bool, timeout_s: float, **given: Any) -> None:
    """Add nodes, all alike but for their names."""
    done = do_each([node_document(name, **given) for name in names], client.add_node)
    added = [result["node"]["metadata"]["name"] for result in done.results]
    if wait:
        wait_until(f"{count_of('node', added)} to be ready", remaining(added, client.node, _is_not_ready), timeout_s)
    show_documents(done.results, output, [f"node {name} added" for name in added])
    done.end()


@node.command("list")
@client_options
@wide_output_option
@click.option("-l", "--selector", metavar="LABELS", help="Only those with these labels, such as zone=a,disk!=hdd.")
def list_nodes(client: Client, output: str, selector: str | None) -> None:
    """List nodes in the order they joined."""
    nodes = list(client.nodes(selector=selector))
    show_list("Node", nodes, output, NODE_FIELDS)
    warn_of_hold(client, nodes)


@node.command()
@client_options
@output_option
@click.argument("name", shell_complete=node_names)
def show(client: Client, output: str, name: str) -> None:
    """Show all there is to know of one node."""
    show_object(client.node(name), output, node_lines)


@node.command()
@client_options
@output_option
@names_argument
def cordon(client: Client, output: str, names: tuple[str, ...]) -> None:
    """Let nodes take no new pods; those that are there stay."""
    done = do_each(names, client.cordon_node)
    show_documents(done.results, output, [f"node {name} cordoned" for name in done.things])
    done.end()


@node.command()
@client_options
@output_option
@names_argument
def uncordon(client: Client, output: str, names: tuple[str, ...]) -> None:
    """Let nodes take pods again."""
    done = do_each(names, client.uncordon_node)
    show_documents(done.results, output, [f"node {name} uncordoned" for name in done.things])
    done.end()


@node.command()
@client_options
@output_option
@names_argument
@click.option("--grace-period", metavar="TIME", help="How long pods get to end; else what each says itself.")
@wait_option("no pod is left on them")
def drain(
    client: Client, output: str, names: tuple[str, ...], grace_period: str | None, wait: bool, timeout_s: float
) -> None:
    """Cordon nodes and have their pods go elsewhere."""
    grace_s = seconds("--grace-period", grace_period)
    done = do_each(names, lambda name: client.drain_node(name, grace_s=grace_s))
    if wait:
        wait_until(
            f"{count_of('node', done.things)} to be empty", remaining(done.things, client.node, _has_pods), timeout_s
        )
    show_documents(done.results, output, [f"node {name} {'drained' if wait else 'drains'}" for name in done.things])
    done.end()


@node.command()
@client_options
@output_option
@names_argument
@click.option("--for", "for_", metavar="TIME", help="Down for so long, such as 30s; else until it is restarted.")
@click.option("--permanent", is_flag=True, help="It never comes back.")
def fail(client: Client, output: str, names: tuple[str, ...], for_: str | None, permanent: bool) -> None:
    """Break nodes on purpose, to see what becomes of their pods."""
    for_s = seconds("--for", for_)
    if permanent and for_s is not None:
        raise click.UsageError("--permanent means for ever, and --for until then: give one of them")
    done = do_each(names, lambda name: client.fail_node(name, for_s=for_s, permanent=permanent))
    show_documents(done.results, output, [f"node {name} breaks" for name in done.things])
    done.end()


@node.command()
@client_options
@output_option
@names_argument
@click.option("--force", is_flag=True, help="Forget one that has failed, whatever may still run on it.")
@wait_option("they are gone")
def delete(client: Client, output: str, names: tuple[str, ...], force: bool, wait: bool, timeout_s: float) -> None:
    """Take nodes away; their pods go elsewhere."""
    done = do_each(names, lambda name: client.delete_node(name, force=force))
    if wait:
        wait_until(
            f"{count_of('node', done.things)} to be gone", remaining(done.things, client.node, _is_there), timeout_s
        )
    gone = [wait or result is None for result in done.results]
    lines = [
        f"node {name} {'deleted' if over else 'is being deleted'}" for name, over in zip(done.things, gone, strict=True)
    ]
    show_documents([result for result in done.results if result], output, lines)
    done.end()


def _is_not_ready(each: Document | None) -> str:
    if each is None:
        return "was deleted"
    return "" if each["status"]["phase"] == "Ready" else _is(each)


def _has_pods(each: Document | None) -> str:
    pods = each["status"].get("pods") if each else 0
    return f"has {pods} pods" if pods else ""


def _is_there(each: Document | None) -> str:
    return "" if each is None else _is(each)


def _is(each: Document) -> str:
    reason = each["status"].get("reason")
    return f"is {node_status(each)} ({reason})" if reason else f"is {node_status(each)}"
