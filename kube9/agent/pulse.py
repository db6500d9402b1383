"""When the next beat is due."""

from __future__ import annotations

import random

__all__ = ["GATHER_MS", "PAUSE_MS_MAX", "PAUSE_MS_REFUSED", "SOON_COUNT", "SOON_MS", "UNDER_WAY_MS", "Pulse"]

#: For so long a change waits for others to be told together.
GATHER_MS = 1
#: So far apart are beats that tell changes where there is no end of them, and so many may be closer before.
SOON_MS, SOON_COUNT = 20, 50
#: For so long what was begun waits to be told with what comes of it, which a process mostly has by then.
UNDER_WAY_MS = 30
#: What an answer may be late before the next beat goes out without it.
_PATIENCE_MS = 500
#: The first pause after a failure, by how much each is longer than the one before, and the longest there is.
_PAUSE_MS, _LONGER, PAUSE_MS_MAX = 200, 1.7, 10_000
#: So many tries are no further apart than beats: a server that is back soon is found before the lease is over, and
#: has no more to do than it ever has.
_QUICK_TRIES = 10
#: The shortest pause where the server was there, and refused.
PAUSE_MS_REFUSED = 2_000
#: Sane bounds for what a server may ask for.
_INTERVAL_MS_MIN, _INTERVAL_MS_MAX = 20, 600_000
_SAVED_MS = (SOON_COUNT - 1) * SOON_MS


class Pulse:
    """Counts on the node's own clock; one thread at a time."""

    def __init__(self, now_ms: int, rng: random.Random) -> None:
        self._rng = rng
        #: When the next beat is to go out.
        self.due_ms = now_ms
        #: How often the server wants to hear this node.
        self.interval_ms = 1_000
        self._sent_ms = now_ms
        #: When the next beat may tell a change: a token bucket, kept as the moment from which on there is one.
        self._soon_ms = now_ms - _SAVED_MS
        self._failures = 0
        #: Until when a server that does not answer is left alone.
        self._left_alone_ms = now_ms

    def taken(self, now_ms: int) -> None:
        """Somebody makes the beat that was due; nobody else is to make it, too."""
        self.due_ms = now_ms + self.interval_ms + _PATIENCE_MS

    def sent(self, now_ms: int) -> None:
        """A beat goes out. Answers get lost, and beats go on."""
        self._sent_ms = now_ms
        # Those that had to go out, whether there was one or not, leave no debt: a change waits for one at most.
        self._soon_ms = max(min(self._soon_ms, now_ms), now_ms - _SAVED_MS) + SOON_MS
        self.due_ms = max(now_ms + self.interval_ms + _PATIENCE_MS, self._left_alone_ms)

    def changed(self, now_ms: int) -> None:
        """There is something to tell."""
        self._by(max(now_ms + GATHER_MS, self._soon_ms))

    def begun(self, now_ms: int) -> None:
        """What was asked for is under way, and the server is to hear that, too."""
        self._by(max(now_ms + UNDER_WAY_MS, self._soon_ms))

    def at_once(self, now_ms: int) -> None:
        """Beat now, whatever was before."""
        self.due_ms = self._left_alone_ms = now_ms

    def answered(self, now_ms: int, interval_ms: int) -> None:
        """An answer came that asks for nothing special."""
        self._failures, self._left_alone_ms = 0, now_ms
        self.interval_ms = min(max(interval_ms, _INTERVAL_MS_MIN), _INTERVAL_MS_MAX)
        # A little sooner than asked, or many nodes that came up together would beat together for ever.
        self._by(max(now_ms, self._sent_ms + int(self.interval_ms * self._rng.uniform(0.9, 1.0))))

    def failed(self, now_ms: int, *, refused: bool = False) -> None:
        """No answer came, or one that was of no use.

        :param refused: the server will most likely say the same again.
        """
        tries = min(self._failures, 30)
        if tries < _QUICK_TRIES:
            pause_ms = min(self.interval_ms, _PAUSE_MS * _LONGER**tries)
        else:
            pause_ms = self.interval_ms * _LONGER ** (tries - _QUICK_TRIES + 1)
        pause_ms = max(min(pause_ms, PAUSE_MS_MAX), PAUSE_MS_REFUSED if refused else 0)
        self._failures += 1
        self.due_ms = self._left_alone_ms = now_ms + int(pause_ms * self._rng.uniform(0.5, 1.0))

    def _by(self, at_ms: int) -> None:
        self.due_ms = min(self.due_ms, max(at_ms, self._left_alone_ms))
