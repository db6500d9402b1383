"""The command line: which run, where it keeps what, and what to print at its end."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from kube9.core.errors import InvariantViolation
from reliability.book import Violation
from reliability.database import database
from reliability.figures import Figures
from reliability.run import Run
from reliability.server import NotInTime, Server, ServerEnded
from reliability.submission import Submission

__all__ = ["BROKEN", "CRASHED", "SERVE", "STUCK", "main"]

#: Exit codes, beside 1 for what went wrong around the run and 2 for misuse.
BROKEN, STUCK, CRASHED = 3, 4, 5
_SCRIPT = Path(sys.executable).with_name("kube9")
#: What runs kube9: as it is installed, for Python would take the checkout's where it is started from there.
SERVE = (str(_SCRIPT),) if _SCRIPT.exists() else (sys.executable, "-m", "kube9")

_LOG_LINES = 60
_HOW = {Violation: BROKEN, InvariantViolation: BROKEN, NotInTime: STUCK, ServerEnded: CRASHED}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--kills", type=click.IntRange(1), default=20, show_default=True, help="How often to kill the server.")
@click.option("--db", "kind", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option("--clients", type=click.IntRange(1, 99), default=16, show_default=True, help="How many ask at a time.")
@click.option("--seed", type=int, default=1, show_default=True, help="Chooses what is asked for, and when to kill.")
@click.option(
    "--trace",
    type=(click.Path(exists=True, dir_okay=False), click.Path(exists=True, dir_okay=False)),
    metavar="PODS NODES",
    help="Instead: submit a trace's pods to the nodes of another file, and kill the server meanwhile, --kills times.",
)
@click.option("--folder", type=click.Path(file_okay=False), help="Where to keep everything; it stays there.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
@click.option("-q", "--quiet", is_flag=True, help="Do not tell how far it is.")
def main(
    kills: int,
    kind: str,
    clients: int,
    seed: int,
    trace: tuple[str, str] | None,
    folder: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Kill a real server again and again, and see that nothing it acknowledged is lost.

    Exits with 3 if the server broke its word, with 4 if something never came to rest, with 5 if the server ended by
    itself. What it kept on the disk then stays there.
    """
    where = Path(folder or tempfile.mkdtemp(prefix="kube9-reliability-")).absolute()
    where.mkdir(parents=True, exist_ok=True)
    figures = Figures(database=kind, seed=seed, clients=clients)
    say: Callable[[str], None] = (lambda _: None) if quiet else (lambda text: click.echo(text, err=True))
    try:
        with database(kind, where) as kept:
            server = Server(SERVE, where, kept.url)
            given = {"kills": kills, "clients": clients, "seed": seed, "figures": figures, "say": say}
            run = _run(trace, server=server, database=kept, **given)
            code = play(run, say=lambda text: click.echo(text, err=True))
    except LookupError as exc:
        raise click.ClickException(str(exc)) from exc
    click.echo(json.dumps(figures.json(), indent=2) if as_json else _table(figures))
    if code == 0 and folder is None:
        shutil.rmtree(where)
    sys.exit(code)


def _run(trace: tuple[str, str] | None, **given: object) -> Run | Submission:
    if trace is None:
        return Run(**given)  # type: ignore[arg-type]
    pods, nodes = trace
    return Submission(pods=pods, nodes=nodes, **given)  # type: ignore[arg-type]


def play(run: Run | Submission, say: Callable[[str], None]) -> int:
    """Let it play, and tell the story of a failure; returns the exit code."""
    try:
        run.play()
    except tuple(_HOW) as exc:
        say(_story(run, exc))
        return next(code for kind, code in _HOW.items() if isinstance(exc, kind))
    finally:
        run.server.close()
    return 0


def _story(run: Run | Submission, exc: BaseException) -> str:
    told = sorted(line for book in run.books for line in book.story())
    return "\n".join(
        [
            f"FAILED with seed {run.seed} after {run.figures.kills.total()} kills: {exc}",
            "the last acknowledgements of each client, oldest first:",
            *told,
            f"the end of the server's log, {run.server.log}:",
            run.server.log_tail(_LOG_LINES),
            f"everything is kept in {run.server.folder}",
        ]
    )


def _table(figures: Figures) -> str:
    rows = figures.rows()
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)
