"""``kube9 serve``: a cluster that stays, with its REST API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kube9.cli.connection import state_dir_option
from kube9.cli.options import plugin_options, verbosity

if TYPE_CHECKING:
    from kube9.app import App

__all__ = ["serve"]


@click.command()
@plugin_options
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=9009,
    show_default=True,
    metavar="NUMBER",
    help="Where to listen; 0 for any that is free.",
)
@click.option("--nodes", multiple=True, metavar="SPEC", help="Add nodes, as in 4xcpu=4,memory=8Gi; repeatable.")
@click.option(
    "--scheduler",
    "schedulers",
    multiple=True,
    metavar="NAME[:KEY=VALUE,..]",
    help="Who decides for pods that name none; further ones are there to be named.  [default: best-fit]",
)
@click.option("--queue", metavar="NAME[:KEY=VALUE,..]", help="The order of waiting pods.  [default: priority]")
@click.option(
    "--backend",
    "backends",
    multiple=True,
    metavar="NAME[:KEY=VALUE,..]",
    help="Who makes nodes that name none; further ones are there to be named.  [default: memory]",
)
@click.option("--health", metavar="NAME[:KEY=VALUE,..]", help="Who judges nodes by their beats.  [default: heartbeat]")
@click.option("--record-heartbeats", metavar="FILE", help="Write when nodes were heard, for 'kube9 health replay'.")
@click.option(
    "--lease",
    metavar="TIME",
    help="How long a node that cannot reach the server may run its pods, such as 30s: no sooner do they move, unless "
    "its backend makes sure that they have ended; and how long the server may be away. At least 9 beats.  "
    "[default: 30s]",
)
@click.option("--db", metavar="URL", help="A file for SQLite, or postgresql://...; else a file in the state directory.")
@state_dir_option
@click.option("--tls-cert", metavar="FILE", help="Serve HTTPS with this certificate; needs --tls-key.")
@click.option("--tls-key", metavar="FILE", help="The certificate's key.")
@click.option("--stop-nodes", is_flag=True, help="Stop the nodes at the end; else they go on without the server.")
def serve(app: App, **given: Any) -> None:
    """Run a cluster and its REST API until it is told to stop.

    Everything is kept, and the next start goes on from there. Ctrl-C or SIGTERM stops it in order; a second one at
    once. The token that clients need is in a file of the state directory.
    """
    from kube9.cli.logs import show_server_logs
    from kube9.cli.service import Service

    ctx = click.get_current_context()
    show_server_logs(verbosity(ctx))
    Service(app, quiet=verbosity(ctx) < 0, **given).run()
