"""The options that say which namespace a command is about."""

from __future__ import annotations

import click

from kube9.cli.livenames import namespace_names

__all__ = ["all_option", "namespace_option", "where_option"]

namespace_option = click.option(
    "-n",
    "--namespace",
    default="default",
    show_default=True,
    metavar="NAME",
    shell_complete=namespace_names,
    help="The namespace.",
)
all_option = click.option("-A", "--all-namespaces", is_flag=True, help="Those of every namespace.")
where_option = click.option(
    "-n",
    "--namespace",
    metavar="NAME",
    shell_complete=namespace_names,
    help="Where all of them must be; else where each says itself, or default.",
)
