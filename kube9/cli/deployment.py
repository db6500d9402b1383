"""``kube9 deployment``: numbers of equal pods that are kept up. ``kube9 apply`` makes and changes them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from kube9.cli.connection import client_options
from kube9.cli.deploymenttable import deployment_fields, deployment_lines
from kube9.cli.listing import show_list, show_object
from kube9.cli.livenames import deployment_names
from kube9.cli.namespace import all_option, namespace_option
from kube9.cli.noun import Noun
from kube9.cli.output import output_option, wide_output_option
from kube9.cli.remaining import count_of, remaining
from kube9.cli.several import do_each, show_documents
from kube9.cli.waiting import wait_option, wait_until

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["deployment"]

Document = dict[str, Any]

name_argument = click.argument("name", shell_complete=deployment_names)


@click.group(cls=Noun)
def deployment() -> None:
    """List, scale and delete deployments; 'kube9 apply' makes them."""


@deployment.command("list")
@client_options
@wide_output_option
@namespace_option
@all_option
@click.option("-l", "--selector", metavar="LABELS", help="Only those with these labels, such as app=web.")
def list_deployments(client: Client, output: str, namespace: str, all_namespaces: bool, selector: str | None) -> None:
    """List deployments in the order they came."""
    found = client.deployments(namespace=None if all_namespaces else namespace, selector=selector)
    show_list("Deployment", found, output, deployment_fields(namespaces=all_namespaces))


@deployment.command()
@client_options
@output_option
@name_argument
@namespace_option
def show(client: Client, output: str, name: str, namespace: str) -> None:
    """Show all there is to know of one deployment."""
    show_object(client.deployment(name, namespace=namespace), output, deployment_lines)


@deployment.command()
@client_options
@output_option
@name_argument
@namespace_option
@click.option("--replicas", type=click.IntRange(min=0), required=True, metavar="NUMBER", help="How many pods to keep.")
@wait_option("they all run")
def scale(client: Client, output: str, name: str, namespace: str, replicas: int, wait: bool, timeout_s: float) -> None:
    """Have more or fewer pods of a deployment."""
    now = client.scale_deployment(name, replicas, namespace=namespace)
    if wait:
        left = remaining([name], partial(client.deployment, namespace=namespace), _is_not_ready)
        wait_until(f"deployment {name} to have {replicas} pods", left, timeout_s)
        now = client.deployment(name, namespace=namespace)
    show_documents([now], output, [f"deployment {name} scaled to {replicas}"])


@deployment.command()
@client_options
@output_option
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=deployment_names)
@namespace_option
@wait_option("they are gone with their pods")
def delete(client: Client, output: str, names: tuple[str, ...], namespace: str, wait: bool, timeout_s: float) -> None:
    """Take deployments away with all their pods."""
    done = do_each(names, partial(client.delete_deployment, namespace=namespace))
    if wait:
        left = remaining(done.things, partial(client.deployment, namespace=namespace), _is_there)
        wait_until(f"{count_of('deployment', done.things)} to be gone", left, timeout_s)
    word = "deleted" if wait else "is being deleted"
    lines = [f"deployment {name} {word}" for name in done.things]
    show_documents([result for result in done.results if result], output, lines)
    done.end()


def _is_not_ready(each: Document | None) -> str:
    if each is None:
        return "was deleted"
    ready, wanted = each["status"].get("readyReplicas", 0), each["spec"].get("replicas", 1)
    return "" if ready == wanted else f"has {ready} of {wanted}"


def _is_there(each: Document | None) -> str:
    return "" if each is None else f"still has {each['status'].get('replicas', 0)} pods"
