"""The same thing done to several things: one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import click
from attrs import field, frozen

from kube9.cli.errors import exit_code_of
from kube9.cli.output import show_document
from kube9.core.errors import Kube9Error

__all__ = ["Done", "do_each", "show_documents", "tell"]

T = TypeVar("T")
R = TypeVar("R")


@frozen
class Done(Generic[T, R]):
    """What became of each."""

    #: Those where it went well, and what came back, in the same order.
    things: tuple[T, ...]
    results: tuple[R, ...]
    #: The exit code for the last error; 0 where there was none.
    code: int = field(default=0)

    def end(self, code: int = 0) -> None:
        """End the command with the code of what went wrong; with ``code`` if nothing did."""
        if self.code or code:
            raise click.exceptions.Exit(self.code or code)


def do_each(things: Sequence[T], act: Callable[[T], R]) -> Done[T, R]:
    """Do ``act`` to each of ``things``. Errors are told at once; that of an only thing is raised."""
    if len(things) == 1:
        return Done(tuple(things), (act(things[0]),))
    done, code = [], 0
    for thing in things:
        try:
            done.append((thing, act(thing)))
        except Kube9Error as exc:
            code = tell(exc)
    return Done(tuple(thing for thing, _ in done), tuple(result for _, result in done), code)


def tell(error: Kube9Error) -> int:
    """Say what went wrong, and return the exit code for it."""
    click.echo(f"Error: {error}", err=True)
    return exit_code_of(error)


def show_documents(documents: Sequence[Any], output: str, lines: Sequence[str]) -> None:
    """Show what was done: ``lines`` for people, the document or a list of them for programs."""
    if output in ("table", "wide"):
        for line in lines:
            click.echo(line)
    elif len(documents) == 1:
        show_document(documents[0], output)
    else:
        show_document({"apiVersion": "kube9/v1", "kind": "List", "items": list(documents)}, output)
