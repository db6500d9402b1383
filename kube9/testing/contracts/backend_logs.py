"""What every backend must keep to about logs."""

from __future__ import annotations

import time
from functools import partial
from types import GeneratorType

from kube9.clocks import VirtualClock
from kube9.core.errors import InvalidInput
from kube9.core.nodes import Node
from kube9.core.pods import Pod
from kube9.core.ports import ALL_LOGS, LogOptions
from kube9.testing.contracts.backend_setting import GRACE_MS, BackendSetting
from kube9.testing.contracts.contract import needs
from kube9.testing.contracts.reading import Reading
from kube9.testing.contracts.stage import Stage

__all__ = ["BackendLogs"]


class BackendLogs(BackendSetting):
    """The part of the contract that is about what pods write."""

    @needs("logs")
    def test_logs_are_bytes(self, stage: Stage) -> None:
        """In pieces, that end."""
        node, pod = self._running(stage)
        pieces = list(stage.backend.logs(node, pod))
        assert all(isinstance(piece, bytes) for piece in pieces), f"expected pieces of bytes, got {pieces!r}"
        assert self.expected_log() in b"".join(pieces)

    @needs("logs")
    def test_the_end_of_a_log_is_so_many_lines(self, stage: Stage) -> None:
        """All of them, where there are no more."""
        node, pod = self._running(stage)
        lines = self._log(stage, node, pod).splitlines()
        for tail in range(len(lines) + 2):
            told = self._log(stage, node, pod, LogOptions(tail=tail)).splitlines()
            assert told == lines[max(0, len(lines) - tail) :], f"the last {tail} of {lines} are not {told}"

    @needs("logs")
    def test_the_log_of_no_such_container_is_refused(self, stage: Stage) -> None:
        """When it is asked for, not later; the message names those there are."""
        node, pod = self._running(stage)
        ask = partial(stage.backend.logs, node, pod, LogOptions(container="no-such"))
        refused = stage.expect_refusal(InvalidInput, "logs of container 'no-such'", node, ask)
        named = ["no-such", *(container.name for container in pod.spec.containers)]
        assert all(name in str(refused) for name in named), f"it says {str(refused)!r}, expected it to name {named}"

    @needs("follow")
    def test_a_followed_log_goes_on_until_the_pod_has_ended(self, stage: Stage) -> None:
        """What was written already comes first."""
        node, pod = self._running(stage)
        before = self._log(stage, node, pod)
        reading = Reading(stage.backend.logs(node, pod, LogOptions(follow=True)))
        assert reading.wait_for(lambda log: len(b"".join(log.came)) >= len(before), self.reading_patience_s)
        # A moment in which one that does not go on would end.
        assert not reading.wait_for(lambda log: log.ended, 0.1), "the log ended before the pod"
        stage.ask.stop_pod(node, pod, GRACE_MS)
        stage.settle()
        assert reading.wait_for(lambda log: log.ended, self.reading_patience_s), "the pod ended, and its log did not"
        assert b"".join(reading.came).startswith(before)

    @needs("follow")
    def test_a_followed_log_can_be_left(self, stage: Stage) -> None:
        """By its ``close``, or, where it has none or is a generator, after an empty piece.

        Whoever reads is not held for ever.
        """
        node, pod = self._running(stage)
        log = stage.backend.logs(node, pod, LogOptions(follow=True))
        reading = Reading(log)
        # That of a plain generator cannot be called while it waits for the next piece.
        close = None if isinstance(log, GeneratorType) else getattr(log, "close", None)
        if close is not None:
            reading.wait_for(lambda log: self.expected_log() in b"".join(log.came), self.reading_patience_s)
            close()
            left = reading.wait_for(lambda log: log.ended, self.reading_patience_s)
        else:
            left = reading.wait_for(lambda log: b"" in log.came or log.ended, self.reading_patience_s)
        assert left, (
            "nobody can stop reading it: give it a close that any thread may call, or, above all where it is a "
            f"generator, have it give an empty piece every few seconds; {stage.story(node)}"
        )

    def _running(self, stage: Stage) -> tuple[Node, Pod]:
        """A pod that runs and has written what is expected of it."""
        node = self.joined(stage)
        pod = stage.new_pod(node, self.long_pod())
        stage.start(node, pod)
        stage.settle()
        # A pod was told as started when it begins: on a busy machine it takes a while to come to its first word.
        end_s = time.monotonic() + self.reading_patience_s
        virtual = isinstance(stage.deliveries.clock, VirtualClock)
        while not (virtual or self._has_written(stage, node, pod) or time.monotonic() > end_s):
            stage.settle()
        return node, pod

    def _has_written(self, stage: Stage, node: Node, pod: Pod) -> bool:
        """Whether its log has what is expected, or is none."""
        pieces = list(stage.backend.logs(node, pod))
        return not all(isinstance(each, bytes) for each in pieces) or self.expected_log() in b"".join(pieces)

    @staticmethod
    def _log(stage: Stage, node: Node, pod: Pod, options: LogOptions = ALL_LOGS) -> bytes:
        return b"".join(stage.backend.logs(node, pod, options))
