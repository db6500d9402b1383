"""The command that starts the dashboard: it becomes Streamlit's own process."""

from __future__ import annotations

import os
import sys
from ipaddress import ip_address
from pathlib import Path

import click

from kube9_dashboard.settings import Settings

__all__ = ["dashboard"]

_APP = Path(__file__).parent / "start" / "app.py"
#: Not `-m streamlit`, which would import what lies in the working directory before what is installed.
_START = "import sys; sys.path = [path for path in sys.path if path]; from streamlit.web.cli import main; main()"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=9010,
    show_default=True,
    metavar="NUMBER",
    help="Where to listen.",
)
@click.option(
    "--refresh",
    type=click.FloatRange(0.5, 3600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How often the pages look again.",
)
@click.option(
    "--reports",
    type=click.Path(exists=True, file_okay=False),
    metavar="DIR",
    help="Offer the results of 'kube9 simulate -o json' that are in there, files that end with .json.",
)
@click.option("--server", metavar="URL", help="The server; else KUBE9_SERVER, or the one on this machine.")
@click.option("--token", metavar="TOKEN", help="Its token; else KUBE9_TOKEN, or the one in the state directory.")
@click.option("--ca-cert", metavar="FILE", help="Certificates to trust instead of the system's; else KUBE9_CA_CERT.")
@click.option(
    "--state-dir",
    metavar="DIR",
    help="Where a server on this machine keeps its state; else KUBE9_STATE_DIR, or ~/.local/state/kube9.",
)
def dashboard(
    host: str,
    port: int,
    refresh: float,
    reports: str | None,
    server: str | None,
    token: str | None,
    ca_cert: str | None,
    state_dir: str | None,
) -> None:
    """Show the cluster in the browser until Ctrl-C.

    The server need not be there yet. Whoever can open the pages can do what the token may do, so they are for this
    machine alone unless --host says otherwise. Nothing is fetched from the internet, and nothing sent there.
    """
    settings = Settings(
        server=server, token=token, ca_cert=ca_cert, state_dir=state_dir, refresh_s=refresh, reports=reports
    )
    if not _is_loopback(host):
        click.echo(f"Whoever can reach {host} can do with the cluster what the token may do.", err=True)
    click.echo(f"kube9 dashboard at http://{_in_url(host)}:{port}; Ctrl-C stops it", err=True)
    env = {**os.environ, **settings.environment(), **_STREAMLIT}
    # The token goes along in the environment: arguments can be read by everybody on the machine.
    os.execve(sys.executable, streamlit_arguments(host, port), env)  # noqa: S606  (no shell is wanted)


def streamlit_arguments(host: str, port: int) -> list[str]:
    """What starts Streamlit on the pages, with nothing left to a configuration that may lie about."""
    options = {
        "server.address": host,
        "server.port": port,
        # Else it wants an e-mail address, opens a browser, and asks a site on the internet where this machine is.
        "server.headless": "true",
        "browser.serverAddress": host,
        "browser.gatherUsageStats": "false",
        "server.fileWatcherType": "none",
        # Else a page that is looked at anew is drawn by two threads at once, and one stumbles over the other's state.
        "runner.fastReruns": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "logger.level": "warning",
        **{f"theme.{name}": value for name, value in _THEME.items()},
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return [sys.executable, "-c", _START, "run", str(_APP), *flags]


#: As variables, since not every Streamlit knows them, and an option would be refused.
_STREAMLIT = {
    # Errors offer no search engine.
    "STREAMLIT_CLIENT_SHOW_ERROR_LINKS": "false",
    # The browser forgets what it was sent after so many runs, of any part of the page, and then cannot be referred to
    # it: two are over before a busy machine has answered.
    "STREAMLIT_GLOBAL_MAX_CACHED_MESSAGE_AGE": "30",
}
_THEME = {
    "light.primaryColor": "#2f5fb3",
    "light.linkColor": "#2f5fb3",
    "light.backgroundColor": "#ffffff",
    "light.secondaryBackgroundColor": "#f4f5f7",
    "light.textColor": "#1f2328",
    "light.borderColor": "#d8dce2",
    # White stands on it, and links are lighter to stand out from the dark.
    "dark.primaryColor": "#3b6fc4",
    "dark.linkColor": "#7aa2e3",
    "dark.backgroundColor": "#15181c",
    "dark.secondaryBackgroundColor": "#1e2228",
    "dark.textColor": "#e3e6ea",
    "dark.borderColor": "#363c45",
    # Of phases and loads.
    "light.greenColor": "#1c8054",
    "light.blueColor": "#3b6fc4",
    "light.orangeColor": "#a35f00",
    "light.redColor": "#c2352b",
    "dark.greenColor": "#4cb98a",
    "dark.blueColor": "#6d9ae0",
    "dark.orangeColor": "#dda23f",
    "dark.redColor": "#ef7469",
    "baseRadius": "4px",
    "baseFontSize": 14,
}


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
