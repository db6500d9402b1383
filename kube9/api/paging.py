"""Lists in pages: a page ends behind an ordinal, which stays where it is while things come and go."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from kube9.core.errors import InvalidInput

__all__ = ["Page", "page_of", "parse_continue"]


class _Ordered(Protocol):
    @property
    def ordinal(self) -> int: ...


T = TypeVar("T", bound=_Ordered)

_by_ordinal = attrgetter("ordinal")


@frozen
class Page(Generic[T]):
    """Some of a list."""

    items: Sequence[T]
    #: How many more there were when it was made.
    remaining: int

    def metadata(self) -> dict[str, object]:
        """As it stands in a list document; empty for the last page."""
        if not self.remaining:
            return {}
        return {"continue": _token(self.items[-1].ordinal), "remainingItemCount": self.remaining}


def page_of(values: Sequence[T], *, after: int, limit: int | None, wanted: Callable[[T], bool] | None) -> Page[T]:
    """The page of ``values`` behind the ordinal ``after``.

    :param values: in the order of their ordinals.
    :param limit: the most that one page has; ``None`` for no limit.
    :param wanted: which of them count; ``None`` for all.
    """
    start = bisect_right(values, after, key=_by_ordinal) if after >= 0 else 0
    rest = values[start:] if start else values
    if wanted is not None:
        rest = [value for value in rest if wanted(value)]
    if limit is None or len(rest) <= limit:
        return Page(rest, 0)
    return Page(rest[:limit], len(rest) - limit)


def parse_continue(text: str) -> int:
    """The ordinal that a page ended with, out of the token it gave.

    :raises InvalidInput: no page gave such a token.
    """
    try:
        version, _, ordinal = base64.urlsafe_b64decode(text.encode("ascii")).decode("ascii").partition(":")
    except (binascii.Error, UnicodeError, ValueError):
        version, ordinal = "", ""
    if version != "1" or not ordinal.isdigit() or len(ordinal) > 18:
        raise InvalidInput("expected what the page before gave as metadata.continue")
    return int(ordinal)


def _token(ordinal: int) -> str:
    return base64.urlsafe_b64encode(f"1:{ordinal}".encode()).decode()
