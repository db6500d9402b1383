"""``kube9 node``: the machines that pods run on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from kube9.cli.connection import client_options
from kube9.cli.drainwatch import DrainWatch
from kube9.cli.errors import FAILED
from kube9.cli.inventory import read_inventory
from kube9.cli.joining import watch_joining
from kube9.cli.listing import show_list, show_object
from kube9.cli.livenames import backend_names, node_names
from kube9.cli.nodetable import NODE_FIELDS, HoldWarning, node_lines, node_status
from kube9.cli.noun import Noun
from kube9.cli.output import output_option, wide_output_option
from kube9.cli.remaining import count_of, remaining
from kube9.cli.several import do_each, show_documents
from kube9.cli.waiting import seconds, wait_option, wait_until
from kube9.cli.wanted import node_document
from kube9.cli.watching import Watch, labels_of
from kube9.core.errors import Conflict

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
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("-f", "--file", "files", multiple=True, metavar="FILE", help="An inventory of machines; repeatable.")
@click.option("--cpu", metavar="QUANTITY", help="Its cores, such as 4 or 500m; auto for those its machine has.")
@click.option("--memory", metavar="QUANTITY", help="Its memory, such as 8Gi; auto for what its machine has.")
@click.option("--pods", metavar="COUNT", help="The most pods it takes; no limit where it is unsaid.")
@click.option("--capacity", multiple=True, metavar="RESOURCE=QUANTITY", help="Any other resource; repeatable.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="A label; repeatable.")
@click.option("--taint", "taints", multiple=True, metavar="KEY[=VALUE]:EFFECT", help="Keeps pods away; repeatable.")
@click.option(
    "--device", "devices", multiple=True, metavar="KIND", help="Such as kind=gpu,count=8,model=V100; repeatable."
)
@click.option("--backend", metavar="NAME", shell_complete=backend_names, help="Who makes it; else the server's own.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="For its backend; repeatable.")
@click.option("--host", metavar="HOST", help="Its machine, for the ssh backend; else one of the node's own name.")
@click.option("--user", metavar="NAME", help="Whom to log in as there.")
@click.option("--port", metavar="NUMBER", help="Where its sshd listens.")
@click.option("--key", metavar="FILE", help="The private key to log in with, on the server's machine.")
@wait_option("they are ready")
def add(
    client: Client,
    output: str,
    names: tuple[str, ...],
    files: tuple[str, ...],
    wait: bool,
    timeout_s: float,
    **given: Any,
) -> None:
    """Add nodes, all alike but for their names; or, with -f, those of an inventory, and watch them join.

    An inventory is a list of machines in kube9's own words, manifests of nodes, or an inventory of Ansible's.
    """
    if bool(names) == bool(files):
        raise click.UsageError("give names of nodes, or -f with an inventory that has them")
    if given["host"] and len(names) > 1:
        raise click.UsageError("--host is one machine, and so one node; an inventory (-f) lists several")
    if files:
        _add_inventory(client, output, files, timeout_s, given)
        return
    done = do_each([node_document(name, **given) for name in names], client.add_node)
    added = [result["node"]["metadata"]["name"] for result in done.results]
    if wait:
        wait_until(f"{count_of('node', added)} to be ready", remaining(added, client.node, _is_not_ready), timeout_s)
    show_documents(done.results, output, [f"node {name} added" for name in added])
    done.end()


def _add_inventory(
    client: Client, output: str, files: Sequence[str], timeout_s: float, given: Mapping[str, Any]
) -> None:
    """All at once, for the server makes them side by side."""
    if said := [key for key, value in given.items() if value]:
        raise click.UsageError(f"--{said[0].rstrip('s')} is for nodes that are named here; an inventory says it itself")
    documents = [document for path in files for document in read_inventory(path)]
    done = do_each(documents, client.add_node)
    joined = watch_joining([each["node"]["metadata"]["name"] for each in done.results], client.node, timeout_s)
    show_documents(done.results, output, [joined.summary])
    done.end(FAILED if joined.failed or joined.waiting else 0)


@node.command("list")
@client_options
@wide_output_option
@click.option("-l", "--selector", metavar="LABELS", help="Only those with these labels, such as zone=a,disk!=hdd.")
@click.option("-w", "--watch", is_flag=True, help="Go on, with a line for each change of a node.")
def list_nodes(client: Client, output: str, selector: str | None, watch: bool) -> None:
    """List nodes in the order they joined."""
    present = partial(client.nodes, selector=selector)
    hold = HoldWarning(client)
    if not watch:
        nodes = list(present())
        show_list("Node", nodes, output, NODE_FIELDS)
        hold.look(nodes)
        return
    Watch(
        client=client,
        kind="Node",
        fields=NODE_FIELDS,
        present=present,
        fetch=lambda event: client.node(event["name"]),
        wanted=labels_of(selector),
        shown=lambda node: hold.look([node]),
    ).run(output)


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
@click.option("--deadline", metavar="TIME", help="When what is left is stopped, such as 10m; 0s for at once. Else 1h.")
@click.option("--no-deadline", is_flag=True, help="Stop nothing before it can run elsewhere.")
@click.option("--parallel", type=click.IntRange(min=1), metavar="COUNT", help="Pods under way at a time; else 1.")
@click.option("--interval", metavar="TIME", help="The least time between the beginnings of two moves.")
@click.option("--grace-period", metavar="TIME", help="How long pods get to end; else what each says itself.")
@click.option("--move-batch", is_flag=True, help="Move pods that are to come to an end rather than let them.")
@click.option("--detach", is_flag=True, help="Do not wait until no pod is left on them.")
@click.option("--timeout", metavar="TIME", help="How long to wait at the most; the drain goes on after that.")
@click.option("--cancel", is_flag=True, help="Undo it: what is left stays, and new pods come again.")
@click.option("--keep-cordoned", is_flag=True, help="With --cancel: let no new pods come.")
def drain(
    client: Client,
    output: str,
    names: tuple[str, ...],
    detach: bool,
    timeout: str | None,
    cancel: bool,
    keep_cordoned: bool,
    **given: Any,
) -> None:
    """Cordon nodes and have their pods go elsewhere, a few at a time; wait until they have.

    Pods of a deployment run on until others run in their place. Any other is stopped before it starts again, and not
    before there is room for it elsewhere. Ctrl-C ends the waiting and not the drain, which --cancel undoes.
    """
    options, timeout_s = _drain_options(**given), seconds("--timeout", timeout)
    if cancel:
        if detach or timeout or any(options.values()):
            raise click.UsageError("--cancel undoes a drain, and goes with --keep-cordoned alone")
        done = do_each(names, lambda name: client.cancel_drain(name, keep_cordoned=keep_cordoned))
        show_documents(done.results, output, [f"drain of node {name} cancelled" for name in done.things])
        done.end()
        return
    if keep_cordoned:
        raise click.UsageError("--keep-cordoned goes with --cancel")
    watch = None if detach else DrainWatch(client, names)
    done = do_each(names, lambda name: client.drain_node(name, **options))
    if watch is None:
        show_documents(done.results, output, [f"node {name} drains" for name in done.things])
        done.end()
        return
    ended = watch.wait(done.things, timeout_s)
    show_documents(ended.documents, output, [f"node {name} drained" for name in ended.drained])
    done.end(FAILED if ended.undone else 0)


def _drain_options(
    deadline: str | None, no_deadline: bool, interval: str | None, grace_period: str | None, **others: Any
) -> dict[str, Any]:
    if no_deadline and deadline is not None:
        raise click.UsageError("--deadline and --no-deadline: give one of them")
    return {
        "deadline_s": seconds("--deadline", deadline),
        "no_deadline": no_deadline,
        "interval_s": seconds("--interval", interval),
        "grace_s": seconds("--grace-period", grace_period),
        **others,
    }


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
    """:raises Conflict: it never will be, as it stands."""
    if each is None:
        return "was deleted"
    if each["status"]["phase"] == "Lost" and each["status"]["reason"].startswith("not created"):
        raise Conflict(f"node {each['metadata']['name']} {_is(each)}")
    return "" if each["status"]["phase"] == "Ready" else _is(each)


def _is_there(each: Document | None) -> str:
    return "" if each is None else _is(each)


def _is(each: Document) -> str:
    reason = each["status"].get("reason")
    return f"is {node_status(each)} ({reason})" if reason else f"is {node_status(each)}"
