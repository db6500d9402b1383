"""Writes cli.md, beside this file, from the help of every command; run it after a change there.

``--check`` writes nothing and fails if the page is not what it would write.
"""
# ruff: noqa: INP001  (a script beside the page that it makes, never imported)

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from kube9.cli.catalogue import BUILT_IN, built_in_command

PAGE = Path(__file__).with_name("cli.md")

#: Of the page's blocks; wide enough that few lines are broken.
WIDTH = 116

HEAD = """\
# The command line

<!-- Written by docs/reference/make_cli.py from the help of the commands: change it there, and run the script. -->

Data goes to stdout and talk to stderr. JSON and YAML are stable, and those of the live cluster's commands are the
documents of the REST API unchanged; tables may change their looks. Tables are fitted to a terminal and whole and plain
anywhere else, and `NO_COLOR` is respected.

| exit code | |
|---|---|
| 0 | done |
| 1 | failed: no server or database, a thing in the wrong state, time that ran out, a name that is taken |
| 2 | misuse: an option or manifest that cannot be right, a name that nothing has |
| 130 | ended by Ctrl-C |

| variable | |
|---|---|
| `KUBE9_SERVER` | the server's URL; else the one that runs on this machine |
| `KUBE9_TOKEN` | its token, which `--token` would show to whoever lists processes; else that in the state directory |
| `KUBE9_CA_CERT` | a file of certificates to trust instead of the system's |
| `KUBE9_STATE_DIR` | where `kube9 serve` keeps its state, and where its clients find it; else `~/.local/state/kube9` |
| `NO_COLOR` | no colours |
"""


def page() -> str:
    """The whole page."""
    commands = [(name, built_in_command(name)) for name in sorted(BUILT_IN)]
    return "\n".join([HEAD, *(section for name, command in commands for section in sections(f"kube9 {name}", command))])


def sections(path: str, command: click.Command) -> Iterator[str]:
    """One command and those below it."""
    context = click.Context(command, info_name=path, max_content_width=WIDTH, terminal_width=WIDTH)
    context.help_option_names = ["-h", "--help"]
    yield f"## {path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, f"{path} lists {name}"
            yield from sections(f"{path} {name}", below)


if __name__ == "__main__":
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        sys.exit(f"{PAGE} is not what {Path(__file__).name} would write: run it")
