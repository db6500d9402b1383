"""Recordings of when nodes were heard, and of what is known to have happened to them; CSV, read strictly."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from operator import attrgetter
from typing import TypeVar

from attrs import define, field, frozen

from kube9.core.errors import FileError
from kube9.files.faults import all_faults
from kube9.files.fields import TIME_MAX_MS, text, whole
from kube9.files.rows import Columns, Table, open_table

__all__ = ["BEAT", "COLUMNS", "DOWN", "GONE", "UP", "Life", "Recording", "read_beats"]

T = TypeVar("T")

#: The columns of such a file.
COLUMNS = ("node", "at_ms", "event")
#: What may stand in ``event``; an empty cell is a beat.
BEAT, DOWN, UP, GONE = "beat", "down", "up", "gone"


@frozen(kw_only=True)
class Life:
    """One node from its coming up to its crash, or to where the recording of it ends."""

    node_name: str
    #: When it was heard, oldest first; the first is its coming up.
    arrivals_ms: tuple[int, ...]
    #: When it crashed; ``None`` if it did not.
    down_ms: int | None
    #: Until when it was not heard again: its return, its being taken away, or the end of the recording.
    end_ms: int

    @property
    def up_ms(self) -> int:
        """How long it was up."""
        return (self.end_ms if self.down_ms is None else self.down_ms) - self.arrivals_ms[0]


@frozen(kw_only=True)
class Recording:
    """What was heard of some nodes."""

    path: str
    #: By node in the order of the file, then by time.
    lives: tuple[Life, ...]
    beats: int
    #: The first moment of the recording.
    from_ms: int

    @property
    def nodes(self) -> int:
        return len({life.node_name for life in self.lives})

    @property
    def crashes(self) -> int:
        return sum(life.down_ms is not None for life in self.lives)

    @property
    def up_ms(self) -> int:
        """How long nodes were up, all together."""
        return sum(life.up_ms for life in self.lives)

    @property
    def usual_gap_ms(self) -> float | None:
        """The median time between two beats; ``None`` where no node was heard twice."""
        gaps_ms = [later - earlier for life in self.lives for earlier, later in pairwise(life.arrivals_ms)]
        return statistics.median(gaps_ms) if gaps_ms else None


@frozen
class _Row:
    at_ms: int
    line: int
    node_name: str
    event: str


def read_beats(path: str) -> Recording:
    """Read a recording: CSV with ``node``, ``at_ms`` and perhaps ``event``; lines may stand in any order.

    :raises FileError: the file cannot be read, or lines are malformed or contradict each other; tells all of them.
    """
    faults: list[FileError] = []
    with open_table(path, Columns(required=COLUMNS[:2], optional=COLUMNS[2:])) as table:
        by_node, doubtful = _by_node(table, faults)
    if not by_node and not faults:
        raise FileError(path, "expected at least one beat after the header")
    rows = [row for members in by_node.values() for row in members]
    end_ms = max((row.at_ms for row in rows), default=0)
    lives: list[Life] = []
    for name, members in by_node.items():
        try:
            lives += _lives(path, name, sorted(members, key=attrgetter("at_ms", "line")), end_ms)
        except FileError as exc:
            if name not in doubtful:  # else what contradicts may follow from what could not be read
                faults.append(exc)
    if faults:
        raise all_faults(path, faults)
    beats = sum(row.event == BEAT for row in rows)
    return Recording(path=path, lives=tuple(lives), beats=beats, from_ms=min(row.at_ms for row in rows))


def _by_node(table: Table, faults: list[FileError]) -> tuple[dict[str, list[_Row]], set[str]]:
    """The rows that can be read by node, and the nodes of some that cannot."""
    by_node: dict[str, list[_Row]] = {}
    doubtful: set[str] = set()
    read_node = table.required("node", text)
    read_at, read_event = table.required("at_ms", _moment), table.optional("event", text, BEAT)
    for cells in _rows(table, faults):
        before = len(faults)
        name = _noting(faults, read_node, cells)
        at_ms = _noting(faults, read_at, cells)
        event = read_event(cells)
        if event not in (BEAT, DOWN, UP, GONE):
            faults.append(table.fault(f"expected {BEAT}, {DOWN}, {UP} or {GONE}, got {event!r}", "event"))
        if name is not None and at_ms is not None and len(faults) == before:
            by_node.setdefault(name, []).append(_Row(at_ms, table.line, name, event))
        elif name is not None:
            doubtful.add(name)
    return by_node, doubtful


def _rows(table: Table, faults: list[FileError]) -> Iterator[list[str]]:
    """The rows with as many cells as there should be; what is wrong with the others is noted."""
    while True:
        try:
            yield from table
        except FileError as exc:
            faults.append(exc)
        else:
            return


def _noting(faults: list[FileError], read: Callable[[list[str]], T], cells: list[str]) -> T | None:
    try:
        return read(cells)
    except FileError as exc:
        faults.append(exc)
        return None


def _moment(value: str) -> int:
    return whole(value, most=TIME_MAX_MS)


@define
class _Story:
    """What is known of one node so far."""

    node_name: str
    lives: list[Life] = field(factory=list)
    #: Of the present life; empty before the first and after the last.
    arrivals_ms: list[int] = field(factory=list)
    down: _Row | None = None
    gone: _Row | None = None

    def end(self, at_ms: int) -> None:
        """The present life is over, if there is one."""
        if self.arrivals_ms:
            down_ms = None if self.down is None else self.down.at_ms
            life = Life(node_name=self.node_name, arrivals_ms=tuple(self.arrivals_ms), down_ms=down_ms, end_ms=at_ms)
            self.lives.append(life)
        self.arrivals_ms, self.down = [], None


def _lives(path: str, name: str, rows: Iterable[_Row], end_ms: int) -> Sequence[Life]:
    """The lives of one node, whose ``rows`` are in order of time."""
    story = _Story(name)
    for row in rows:
        refuse = partial(FileError, path, line=row.line, column="event")
        if row.event == UP:
            story.end(row.at_ms)
            story.gone = None
            story.arrivals_ms.append(row.at_ms)
        elif story.gone is not None:
            raise refuse(f"{name!r} is gone since line {story.gone.line}; an {UP} before this would bring it back")
        elif row.event == GONE:
            story.end(row.at_ms)
            story.gone = row
        elif story.down is not None:
            raise refuse(
                f"{name!r} is down since line {story.down.line}; an {UP} before this would say that it is back"
            )
        elif row.event == BEAT:
            story.arrivals_ms.append(row.at_ms)
        elif story.arrivals_ms:
            story.down = row
        else:
            raise refuse(
                f"{name!r} cannot go down, it was not heard before; a beat or an {UP} would say that it was up"
            )
    story.end(end_ms)
    return story.lives
