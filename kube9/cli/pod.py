"""``kube9 pod``: what runs on the nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from kube9.cli.connection import client_options
from kube9.cli.explanation import show_explanation
from kube9.cli.launching import failed, launch, outcome, waits_to_run
from kube9.cli.listing import show_list, show_object
from kube9.cli.livenames import container_names, node_names, pod_names, scheduler_names
from kube9.cli.namespace import all_option, namespace_option
from kube9.cli.noun import Noun
from kube9.cli.output import output_option, wide_output_option
from kube9.cli.podexec import attach
from kube9.cli.podlogs import show_log, show_logs, whose_logs
from kube9.cli.podtable import pod_fields, pod_lines, pod_status
from kube9.cli.remaining import count_of, remaining
from kube9.cli.several import do_each, show_documents
from kube9.cli.terminal import terminal_size
from kube9.cli.waiting import seconds, wait_option, wait_until
from kube9.cli.wanted import pod_document
from kube9.cli.watching import Watch, labels_of

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["pod"]

Document = dict[str, Any]

PHASES = ("Pending", "Starting", "Running", "Succeeded", "Failed")

container_option = click.option(
    "-c",
    "--container",
    metavar="NAME",
    shell_complete=container_names,
    help="Which one; else the only one, or the first that is no init container.",
)
name_argument = click.argument("name", shell_complete=pod_names)


@click.group(cls=Noun)
def pod() -> None:
    """Run, list, explain, look into and delete pods."""


@pod.command()
@client_options
@output_option
@click.argument("name")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@namespace_option
@click.option("--image", metavar="IMAGE", help="What its container is made of.")
@click.option("--cpu", metavar="QUANTITY", help="Cores it needs, such as 500m.")
@click.option("--memory", metavar="QUANTITY", help="Memory it needs, such as 256Mi.")
@click.option("--requests", multiple=True, metavar="RESOURCE=QUANTITY", help="Anything else it needs; repeatable.")
@click.option(
    "--device", "devices", multiple=True, metavar="KIND", help="Such as kind=gpu,count=2,model=T4|V100; repeatable."
)
@click.option("--scheduler", metavar="NAME", shell_complete=scheduler_names, help="Who decides; else the server's own.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="A label; repeatable.")
@click.option("--node-selector", multiple=True, metavar="KEY=VALUE", help="A label of its node; repeatable.")
@click.option(
    "--toleration", "tolerations", multiple=True, metavar="KEY[=VALUE][:EFFECT]", help="A taint it bears; repeatable."
)
@click.option("--priority", type=int, metavar="NUMBER", help="Higher goes first.  [default: 0]")
@click.option("--env", multiple=True, metavar="KEY=VALUE", help="A variable of its container; repeatable.")
@click.option(
    "--restart", type=click.Choice(["Always", "OnFailure", "Never"]), help="When it ended.  [default: Always]"
)
@click.option(
    "--count", type=click.IntRange(min=1), metavar="NUMBER", help="So many, called NAME-1, NAME-2, and so on."
)
@wait_option("they run or have ended")
def run(client: Client, output: str, name: str, count: int | None, wait: bool, timeout_s: float, **given: Any) -> None:
    """Run a pod, or several that are alike; what stands behind -- is its command."""
    names = [name] if count is None else [f"{name}-{number}" for number in range(1, count + 1)]
    done = launch(client, [pod_document(name, **given) for name in names])
    now: Sequence[Document] = done.results
    if wait:
        fetch = partial(client.pod, namespace=given["namespace"])
        wait_until(f"{count_of('pod', done.things)} to run", remaining(done.things, fetch, waits_to_run), timeout_s)
        now = [fetch(name) for name in done.things]
    show_documents(now, output, [outcome(each) for each in now])
    done.end(failed(now) if wait else 0)


@pod.command("list")
@client_options
@wide_output_option
@namespace_option
@all_option
@click.option("-l", "--selector", metavar="LABELS", help="Only those with these labels, such as app=web,tier!=cache.")
@click.option("--phase", type=click.Choice(PHASES), help="Only those in this phase.")
@click.option("--node", metavar="NAME", shell_complete=node_names, help="Only those on this node.")
@click.option("-w", "--watch", is_flag=True, help="Go on, with a line for each change.")
def list_pods(client: Client, output: str, namespace: str, all_namespaces: bool, watch: bool, **filters: Any) -> None:
    """List pods in the order they came."""
    within = None if all_namespaces else namespace
    fields = pod_fields(namespaces=all_namespaces)
    present = partial(client.pods, namespace=within, **filters)
    if not watch:
        show_list("Pod", present(), output, fields)
        return
    Watch(
        client=client,
        kind="Pod",
        fields=fields,
        present=present,
        fetch=lambda event: client.pod(event["name"], namespace=event["namespace"]),
        wanted=partial(_is_wanted, labels_of(filters["selector"]), filters["phase"], filters["node"]),
        namespace=within,
    ).run(output)


def _is_wanted(has_labels: Callable[[Document], bool], phase: str | None, node: str | None, pod: Document) -> bool:
    status = pod["status"]
    return phase in (None, status["phase"]) and node in (None, status["nodeName"]) and has_labels(pod)


@pod.command()
@client_options
@output_option
@name_argument
@namespace_option
def show(client: Client, output: str, name: str, namespace: str) -> None:
    """Show all there is to know of one pod."""
    show_object(client.pod(name, namespace=namespace), output, pod_lines)


@pod.command()
@client_options
@click.argument("name", required=False, shell_complete=pod_names)
@namespace_option
@container_option
@click.option("-l", "--selector", metavar="LABELS", help="Of every pod with these labels, each line with its pod.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what it writes, until it has ended.")
@click.option("--tail", type=click.IntRange(min=0), metavar="NUMBER", help="So many lines from the end.")
@click.option("-p", "--previous", is_flag=True, help="What its run before the present one wrote.")
def logs(client: Client, name: str | None, namespace: str, selector: str | None, follow: bool, **options: Any) -> None:
    """Write what a pod has written."""
    names = whose_logs(client, name, selector, namespace, follow=follow)
    read: Callable[[str], Iterator[bytes]] = partial(client.pod_logs, namespace=namespace, follow=follow, **options)
    if name is not None:
        show_log(read(name))
    elif code := show_logs(names, read, follow=follow):
        raise click.exceptions.Exit(code)


@pod.command("exec")
@client_options
@name_argument
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@namespace_option
@container_option
@click.option(
    "-i", "--stdin", "interactive", is_flag=True, help="It reads what is typed here, or what comes by a pipe."
)
@click.option("-t", "--tty", "terminal", is_flag=True, help="It has a terminal: this one.")
def execute(
    client: Client,
    name: str,
    command: tuple[str, ...],
    namespace: str,
    container: str | None,
    interactive: bool,
    terminal: bool,
) -> None:
    """Run a command in a pod: NAME -- COMMAND; its exit code is ours.

    \b
    kube9 pod exec web -- cat /etc/hosts
    kube9 pod exec web -i -- psql < dump.sql
    kube9 pod exec web -it -- sh
    """  # noqa: D301  (that is how Click is told to keep lines)
    size = terminal_size() if terminal else None
    begun = client.exec_pod(name, command, namespace=namespace, container=container, terminal=terminal, size=size)
    with begun as running:
        code = attach(running, interactive=interactive, terminal=terminal)
    raise click.exceptions.Exit(code)


@pod.command()
@client_options
@output_option
@name_argument
@namespace_option
def explain(client: Client, output: str, name: str, namespace: str) -> None:
    """Show what each node has to say to a pod: whether it fits or why not, its score, and who wins."""
    show_explanation(client.explain_pod(name, namespace=namespace), output)


@pod.command()
@client_options
@output_option
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=pod_names)
@namespace_option
@click.option("--grace-period", metavar="TIME", help="How long it gets to end; else what it says itself.")
@wait_option("they are gone")
def delete(
    client: Client,
    output: str,
    names: tuple[str, ...],
    namespace: str,
    grace_period: str | None,
    wait: bool,
    timeout_s: float,
) -> None:
    """Stop pods and forget them. Those of a deployment are replaced."""
    grace_s = seconds("--grace-period", grace_period)
    done = do_each(names, lambda name: client.delete_pod(name, namespace=namespace, grace_s=grace_s))
    if wait:
        left = remaining(done.things, partial(client.pod, namespace=namespace), _is_there)
        wait_until(f"{count_of('pod', done.things)} to be gone", left, timeout_s)
    word = "deleted" if wait else "is being deleted"
    show_documents(
        [result for result in done.results if result], output, [f"pod {name} {word}" for name in done.things]
    )
    done.end()


def _is_there(each: Document | None) -> str:
    return "" if each is None else f"is {pod_status(each)}"
