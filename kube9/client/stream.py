"""Server-sent events, read from lines as they come.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["lines_of", "messages"]


def lines_of(parts: Iterable[bytes]) -> Iterator[str]:
    """The whole lines within ``parts``, which may begin and end anywhere; a last line without an end is dropped."""
    rest = b""
    for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r").decode("utf-8", errors="replace")


def messages(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The JSON object of each event; comments, other fields and events cut short are passed over."""
    data: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield json.loads("\n".join(data))
            data = []
