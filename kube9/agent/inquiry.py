"""One probe of one run of a container: when it is asked next, and what its answers come to."""

from __future__ import annotations

from kube9.agent.parts import Probe

__all__ = ["FOREVER", "Inquiry"]

#: Said of an answer that will be the same as long as the container runs.
FOREVER = float("inf")
#: Whoever asks keeps to the probe's own time; this is for one that hangs with it.
_LATE_MS = 1_000


class Inquiry:
    """:param from_ms: since when it may be asked."""

    def __init__(self, probe: Probe, from_ms: int) -> None:
        self.probe = probe
        #: What its answers come to; ``None`` before they come to anything.
        self.passed: bool | None = None
        #: What was said when it failed.
        self.message = ""
        #: Which question is out; 0 for none.
        self.asked = 0
        self._next_ms: int | None = from_ms
        self._asked_ms = self._count = self._questions = 0
        self._last: bool | None = None

    @property
    def due_ms(self) -> int | None:
        """When to ask, or to wait no longer for an answer; ``None`` for never."""
        return self._asked_ms + self.probe.timeout_ms + _LATE_MS if self.asked else self._next_ms

    def ask(self, now_ms: int) -> int:
        """It is asked now; returns the question's number."""
        self._questions += 1
        self.asked, self._asked_ms = self._questions, now_ms
        return self.asked

    def answer(self, ok: bool, message: str, now_ms: int, same_until_ms: float | None) -> None:
        """The answer to the question that is out.

        :param same_until_ms: before which the answer would surely be the same; ``None`` where nobody can know. It is
            not asked for again until then if that could change nothing.
        """
        self.asked = 0
        self._count = self._count + 1 if ok is self._last else 1
        self._last = ok
        enough = self.probe.success_threshold if ok else self.probe.failure_threshold
        if self._count >= enough and self.passed is not ok:
            self.passed, self.message = ok, "" if ok else message
        self._next_ms = max(self._asked_ms + self.probe.period_ms, now_ms)
        if same_until_ms is not None and self.passed is ok:
            self._skip_to(same_until_ms)

    def end(self) -> None:
        """It is never asked again."""
        self.asked, self._next_ms = 0, None

    def _skip_to(self, at_ms: float) -> None:
        """To the first of its turns that is not before ``at_ms``."""
        if at_ms == FOREVER:
            self._next_ms = None
        elif self._next_ms is not None and self._next_ms < at_ms:
            turns = -(-(int(at_ms) - self._next_ms) // self.probe.period_ms)
            self._next_ms += turns * self.probe.period_ms
