"""One container of a pod, from start to start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kube9.agent.inquiry import Inquiry
from kube9.agent.parts import Container

__all__ = [
    "BACKOFF_MS",
    "BACKOFF_MS_MAX",
    "BACKOFF_RESET_MS",
    "ENDED",
    "RUNNING",
    "STARTING",
    "WAITING",
    "End",
    "Member",
    "pause_ms",
]

#: The pause before the second restart of a container, the longest there is, and how long it must have run for its
#: next end to count as the first. As Kubernetes has them; there, too, the first restart is at once.
BACKOFF_MS, BACKOFF_MS_MAX, BACKOFF_RESET_MS = 10_000, 300_000, 600_000

_EXPORTED = ("state", "due_ms", "pause_ms", "run", "ends", "started_ms", "ever_ran", "killing", "sick")

WAITING, STARTING, RUNNING, ENDED = "waiting", "starting", "running", "terminated"


def pause_ms(ends: int) -> int:
    """How long a container that ended ``ends`` times in a row waits before it is started again."""
    return 0 if ends < 2 else min(BACKOFF_MS << min(ends - 2, 30), BACKOFF_MS_MAX)


class End(NamedTuple):
    """How a run ended."""

    #: In Kubernetes's words: Completed, Error, OOMKilled or StartError.
    reason: str
    exit_code: int
    text: str


class Member:
    """:param now_ms: from when on it may be started."""

    def __init__(self, part: Container, now_ms: int) -> None:
        self.part, self.name = part, part.name
        self.state = WAITING
        #: When it may be started, and how long it waits for that since its last end.
        self.due_ms, self.pause_ms = now_ms, 0
        #: Which start is the latest.
        self.run = 0
        #: How often it ended without having run for long.
        self.ends = 0
        self.started_ms: int | None = None
        self.ever_ran = False
        self.end: End | None = None
        #: Why it is being killed, and what a probe found where that is why.
        self.killing = self.sick = ""
        #: The grace with which it is to be killed; ``None`` where that is told, or not to be.
        self.kill_grace_ms: int | None = None
        self.inquiries: dict[str, Inquiry] = {}

    def export(self) -> dict[str, Any]:
        """All there is to know of it, in words of JSON."""
        return {
            **{name: getattr(self, name) for name in _EXPORTED},
            "end": None if self.end is None else list(self.end),
            "passed": {kind: [inquiry.passed, inquiry.message] for kind, inquiry in self.inquiries.items()},
        }

    def restore(self, told: Mapping[str, Any], now_ms: int, kill_grace_ms: int) -> None:
        """Be again as it was when that was exported.

        :param kill_grace_ms: what it gets from now on if it was being killed.
        """
        for name in _EXPORTED:
            setattr(self, name, told[name])
        self.end = None if told["end"] is None else End(*told["end"])
        if self.state == RUNNING:
            self._ask(now_ms)
            for kind, inquiry in self.inquiries.items():
                inquiry.passed, inquiry.message = told["passed"].get(kind, (None, ""))
            self.kill_grace_ms = kill_grace_ms if self.killing else None

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return max(0, self.run - 1)

    def start(self) -> int:
        """It is started now; returns which start this is."""
        self.state = STARTING
        self.run += 1
        return self.run

    def begin(self, now_ms: int) -> None:
        """It runs."""
        self.state, self.started_ms, self.ever_ran = RUNNING, now_ms, True
        self._ask(now_ms)

    def _ask(self, now_ms: int) -> None:
        for kind in ("startup", "liveness", "readiness"):
            probe = getattr(self.part, kind)
            if probe is not None:
                self.inquiries[kind] = Inquiry(probe, now_ms + probe.initial_delay_ms)

    def over(self, end: End, now_ms: int) -> None:
        """A run ended."""
        ran_ms = 0 if self.started_ms is None else now_ms - self.started_ms
        self.ends = 1 if ran_ms >= BACKOFF_RESET_MS else self.ends + 1
        self.end, self.state = end, ENDED
        self.started_ms, self.kill_grace_ms = None, None
        self.killing = self.sick = ""
        self.inquiries = {}

    def again(self, now_ms: int) -> None:
        """It is to be started again when its pause is over."""
        self.state, self.pause_ms = WAITING, pause_ms(self.ends)
        self.due_ms = now_ms + self.pause_ms

    def kill(self, why: str, grace_ms: int) -> None:
        """It is to be killed, unless it is already."""
        if not self.killing:
            self.killing, self.kill_grace_ms = why, grace_ms

    def passed(self, kind: str) -> bool:
        """Whether it has passed a probe, or has none of the kind."""
        inquiry = self.inquiries.get(kind)
        return inquiry is None or inquiry.passed is True

    @property
    def ready(self) -> bool:
        return self.state == RUNNING and not self.killing and self.passed("startup") and self.passed("readiness")

    @property
    def well(self) -> bool:
        """Whether it ended, and well."""
        return self.state == ENDED and self.end is not None and not self.end.exit_code

    @property
    def open_inquiries(self) -> Iterator[tuple[str, Inquiry]]:
        """What is to be asked of it: the startup probe until it has passed, and then the others."""
        if self.state == RUNNING and not self.killing:
            started = self.passed("startup")
            for kind, inquiry in self.inquiries.items():
                if started != (kind == "startup"):
                    yield kind, inquiry
