"""Drains: how a node is emptied, and how far that is."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import optional

from kube9.core.frozen import frozen_tuple
from kube9.core.limits import TIME_MAX_MS, whole
from kube9.core.validation import not_negative, positive

__all__ = ["DRAIN_DEADLINE_MS", "Drain"]

#: How long a drain takes at the most where nobody says so; Nomad has the same.
DRAIN_DEADLINE_MS = 3_600_000

_span = whole(0, TIME_MAX_MS)


@frozen(kw_only=True)
class Drain:
    """How a node is being emptied. It is part of the node, so that whoever takes the node up goes on with it."""

    began_at_ms: int
    #: When whatever is left is stopped; ``None`` for never.
    deadline_at_ms: int | None
    #: How many pods are under way at a time.
    parallel: int = field(default=1, validator=positive)
    #: The least time between the beginnings of two moves.
    interval_ms: int = field(default=0, validator=_span)
    #: How long each pod gets to stop; ``None`` for as long as the pod itself says.
    grace_ms: int | None = field(default=None, validator=optional(_span))
    #: Pods that are to come to an end move like any other, rather than run on until they do or the deadline comes.
    move_batch: bool = False
    #: How many pods there were when it began.
    pods: int = field(default=0, validator=not_negative)
    #: Uids of those under way, in order of their beginning: from then until they run elsewhere, or are gone.
    moving: tuple[str, ...] = field(default=(), converter=frozen_tuple)
    #: When the last of them began.
    last_at_ms: int | None = None
    #: What it waits for, for people.
    waiting_for: str = ""

    def over(self, now_ms: int) -> bool:
        """Whether the deadline has come."""
        return self.deadline_at_ms is not None and now_ms >= self.deadline_at_ms

    def pause_left_ms(self, now_ms: int) -> int:
        """For how long no other move may begin."""
        return 0 if self.last_at_ms is None else max(0, self.last_at_ms + self.interval_ms - now_ms)
