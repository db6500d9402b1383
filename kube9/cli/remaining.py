"""What a command that waits still waits for, told in a few words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from kube9.core.errors import ApiError

__all__ = ["count_of", "found", "remaining"]

Document = dict[str, Any]

_TOLD_MAX = 3


def count_of(what: str, names: Iterable[str]) -> str:
    """``node n1`` or ``3 nodes``."""
    names = list(names)
    return f"{what} {names[0]}" if len(names) == 1 else f"{len(names)} {what}s"


def remaining(
    names: Iterable[str], fetch: Callable[[str], Document], missing: Callable[[Document | None], str]
) -> Callable[[], str]:
    """A function that says, each time it is asked, who of ``names`` is not there yet, and is empty when all are.

    :param fetch: gets the document of one.
    :param missing: what a document lacks, or empty where it is as it should be; ``None`` is one that does not exist.
    """
    waiting = list(dict.fromkeys(names))

    def left() -> str:
        told = {name: missing(found(fetch, name)) for name in waiting}
        waiting[:] = [name for name in waiting if told[name]]
        more = f" and {len(waiting) - _TOLD_MAX} more" if len(waiting) > _TOLD_MAX else ""
        return ", ".join(f"{name} {told[name]}" for name in waiting[:_TOLD_MAX]) + more

    return left


def found(fetch: Callable[[str], Document], name: str) -> Document | None:
    """The document of one; ``None`` where it does not exist."""
    try:
        return fetch(name)
    except ApiError as exc:
        if exc.status == HTTPStatus.NOT_FOUND:
            return None
        raise
