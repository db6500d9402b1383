"""When nodes go down: told by a fault file, or drawn from a model of how often nodes break."""

from __future__ import annotations

import difflib
import heapq
import random
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from operator import attrgetter

from attrs import frozen

from kube9.core.errors import FileError, InvalidInput
from kube9.files.fields import duration_ms, text
from kube9.files.rows import Columns, Table, open_table
from kube9.files.text import exists

__all__ = ["Fault", "FaultList", "FaultModel", "parse_faults", "read_faults"]

_COLUMNS = Columns(required=("at", "node", "event"), optional=("for",))
_CRASH, _RETURN = "crash", "return"
_EXPECTED = "expected a fault file, or a model such as mtbf=6h,mttr=10m"


@frozen(kw_only=True)
class Fault:
    """A node goes down, with all it runs."""

    at_ms: int
    node_name: str
    #: How long it stays away; ``None`` for good.
    down_for_ms: int | None = None


@frozen(kw_only=True)
class FaultList:
    """The faults of a file, in order of time."""

    path: str
    faults: tuple[Fault, ...]
    #: The line of each fault.
    lines: tuple[int, ...]

    def check(self, node_names: Collection[str]) -> None:
        """:raises FileError: a fault names a node that is not among ``node_names``."""
        known = set(node_names)
        for fault, line in zip(self.faults, self.lines, strict=True):
            if fault.node_name not in known:
                near = difflib.get_close_matches(fault.node_name, sorted(known), n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise FileError(
                    self.path,
                    f"{fault.node_name!r} is not among the {len(known)} nodes of this run{hint}",
                    line=line,
                    column="node",
                )

    def draw(self, node_names: Sequence[str], until_ms: int | None, rng: random.Random) -> Iterator[Fault]:  # noqa: ARG002  # as a model
        """The faults before ``until_ms``; nothing is left to chance.

        :raises FileError: as :meth:`check`, at once.
        """
        self.check(node_names)
        return (fault for fault in self.faults if until_ms is None or fault.at_ms < until_ms)


@frozen(kw_only=True)
class FaultModel:
    """Every node runs for a while and is then repaired for a while; both are drawn from exponential distributions."""

    #: Mean time a node runs before it breaks.
    mtbf_ms: int
    #: Mean time until it is back.
    mttr_ms: int

    def draw(self, node_names: Sequence[str], until_ms: int | None, rng: random.Random) -> Iterator[Fault]:
        """Faults of all nodes in order of time, before ``until_ms`` (``None`` for no end); drawn as they are asked for.

        One number is taken from ``rng``. The faults of one node depend on that number and the node's name alone, so
        they stay the same whatever other nodes there are.
        """
        seed = rng.getrandbits(64)
        lives = [self.life(name, seed, until_ms=until_ms) for name in node_names]
        return heapq.merge(*lives, key=attrgetter("at_ms"))

    def life(self, node_name: str, seed: int, *, from_ms: int = 0, until_ms: int | None = None) -> Iterator[Fault]:
        """The faults of one node that begins to run at ``from_ms``."""
        # Seeding with a text hashes it in a way that does not depend on the process.
        rng = random.Random(f"{seed}/{node_name}")
        at_ms = from_ms + _drawn(rng, self.mtbf_ms)
        while until_ms is None or at_ms < until_ms:
            down_for_ms = _drawn(rng, self.mttr_ms)
            yield Fault(at_ms=at_ms, node_name=node_name, down_for_ms=down_for_ms)
            at_ms += down_for_ms + _drawn(rng, self.mtbf_ms)


def _drawn(rng: random.Random, mean_ms: int) -> int:
    return max(1, round(rng.expovariate(1 / mean_ms)))


def parse_faults(value: str) -> FaultList | FaultModel:
    """Read the value of ``--fail``: a model where it has an ``=``, else the path of a fault file.

    :raises FileError: it is a file, and that is malformed.
    :raises InvalidInput: it is a model, and that is malformed.
    """
    if "=" not in value or exists(value):
        return read_faults(value)
    times: dict[str, int] = {}
    for part in value.split(","):
        key, equals, time = part.strip().partition("=")
        if not equals or key not in ("mtbf", "mttr"):
            raise InvalidInput(f"--fail {value!r}: expected mtbf=TIME or mttr=TIME, got {part!r}; {_EXPECTED}")
        if key in times:
            raise InvalidInput(f"--fail {value!r}: {key} is given twice")
        times[key] = _mean_ms(value, key, time)
    for key in ("mtbf", "mttr"):
        if key not in times:
            raise InvalidInput(f"--fail {value!r}: {key} is missing; {_EXPECTED}")
    return FaultModel(mtbf_ms=times["mtbf"], mttr_ms=times["mttr"])


def _mean_ms(value: str, key: str, time: str) -> int:
    try:
        mean_ms = duration_ms(time)
    except InvalidInput as exc:
        raise InvalidInput(f"--fail {value!r}: {key}: {exc}") from exc
    if mean_ms == 0:
        raise InvalidInput(f"--fail {value!r}: {key}: expected a time above 0, got {time!r}")
    return mean_ms


@frozen(kw_only=True)
class _Row:
    at_ms: int
    line: int
    node_name: str
    event: str
    for_ms: int | None


def read_faults(path: str) -> FaultList:
    """Read a fault file: CSV with ``at``, ``node``, ``event`` (``crash`` or ``return``) and perhaps ``for``.

    :raises FileError: the file cannot be read, a line is malformed, or a node's events contradict each other.
    """
    with open_table(path, _COLUMNS) as table:
        rows = list(_rows(table))
    if not rows:
        raise FileError(path, "expected at least one fault after the header")
    by_node: dict[str, list[_Row]] = {}
    for row in sorted(rows, key=attrgetter("at_ms")):
        by_node.setdefault(row.node_name, []).append(row)
    found = [pair for events in by_node.values() for pair in _paired(path, events)]
    found.sort(key=lambda pair: (pair[0].at_ms, pair[1]))
    return FaultList(path=path, faults=tuple(fault for fault, _ in found), lines=tuple(line for _, line in found))


def _rows(table: Table) -> Iterator[_Row]:
    at_ms, node_name = table.required("at", duration_ms), table.required("node", text)
    event_of, down_ms = table.required("event", text), table.optional("for", duration_ms, None)
    for cells in table:
        row = _Row(
            at_ms=at_ms(cells),
            line=table.line,
            node_name=node_name(cells),
            event=event_of(cells),
            for_ms=down_ms(cells),
        )
        if row.event not in (_CRASH, _RETURN):
            raise table.fault(f"expected crash or return, got {row.event!r}", "event")
        if row.event == _RETURN and row.for_ms is not None:
            raise table.fault("expected nothing here for a return", "for")
        if row.for_ms == 0:
            raise table.fault("expected a time above 0", "for")
        yield row


def _paired(path: str, events: Sequence[_Row]) -> Iterator[tuple[Fault, int]]:
    """The faults of one node and their lines: each crash with the time until its return."""
    down: _Row | None = None
    back_ms = 0
    for row in events:
        fault_here = partial(FileError, path, line=row.line, column="event")
        if row.event == _CRASH and (down is not None or row.at_ms < back_ms):
            raise fault_here(f"{row.node_name!r} cannot crash, it is down already")
        if row.event == _RETURN and down is None:
            raise fault_here(f"{row.node_name!r} cannot return, it is not down; a crash with `for` ends by itself")
        if row.event == _RETURN and down is not None:
            yield Fault(at_ms=down.at_ms, node_name=row.node_name, down_for_ms=row.at_ms - down.at_ms), down.line
            down = None
        elif row.for_ms is not None:
            back_ms = row.at_ms + row.for_ms
            yield Fault(at_ms=row.at_ms, node_name=row.node_name, down_for_ms=row.for_ms), row.line
        else:
            down = row
    if down is not None:
        yield Fault(at_ms=down.at_ms, node_name=down.node_name), down.line
