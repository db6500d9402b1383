"""What a backend must keep to that runs commands in containers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kube9.core.errors import Conflict, InvalidInput, NodeGone
from kube9.core.nodes import Node
from kube9.core.pods import Pod
from kube9.core.ports import CommandRunner, CommandSession
from kube9.core.stimuli import StopPodDone
from kube9.testing.contracts.backend_setting import GRACE_MS, BackendSetting
from kube9.testing.contracts.contract import needs
from kube9.testing.contracts.reading import Reading
from kube9.testing.contracts.stage import Stage

__all__ = ["BackendCommands"]


class BackendCommands(BackendSetting):
    """The part of the contract that is about :class:`~kube9.core.ports.CommandRunner`."""

    @needs("exec")
    def test_a_command_tells_what_it_wrote_where_and_how_it_ended(self, stage: Stage) -> None:
        """The exit code is known when its output has ended."""
        session = self._begun(stage, self.failing_command())
        output = self._all_of(session)
        assert (_stream(output, 1), _stream(output, 2)) == (b"out\n", b"err\n")
        assert session.exit_code() == 3

    @needs("exec")
    def test_a_command_reads_its_input_to_the_end(self, stage: Stage) -> None:
        """As it comes: it answers before all of it is there."""
        session = self._begun(stage, self.echoing_command())
        reading = Reading(session.output())
        session.write(b"one\n")
        assert reading.wait_for(lambda output: _stream(output.came, 1) == b"one\n", self.reading_patience_s), (
            reading.came
        )
        assert session.exit_code() is None
        session.write(b"two \xff\x00\n" + b"x" * 100_000)
        session.close_input()
        assert reading.wait_for(lambda output: output.ended, self.reading_patience_s), "its input ended, and it did not"
        assert _stream(reading.came, 1) == b"one\ntwo \xff\x00\n" + b"x" * 100_000
        assert (_stream(reading.came, 2), session.exit_code()) == (b"", 0)

    @needs("exec")
    def test_at_a_terminal_everything_is_stdout(self, stage: Stage) -> None:
        """It can be given another size, also when it has gone."""
        session = self._begun(stage, self.failing_command(), terminal=True)
        session.resize(50, 200)
        output = self._all_of(session)
        session.resize(25, 100)
        assert _stream(output, 1).split() == [b"out", b"err"]
        assert (_stream(output, 2), session.exit_code()) == (b"", 3)

    @needs("exec")
    def test_a_command_ends_with_its_pod(self, stage: Stage) -> None:
        """Whoever reads what it writes is not left waiting."""
        node, pod = self._running(stage)
        reading = Reading(self._runner(stage).run_command(node, pod, "", self.echoing_command()).output())
        stage.ask.stop_pod(node, pod, GRACE_MS)
        stage.expect(StopPodDone, pod.uid, pod.epoch)
        assert reading.wait_for(lambda output: output.ended, self.reading_patience_s), (
            "the pod is gone, its command is not"
        )

    @needs("exec")
    def test_a_command_can_be_left(self, stage: Stage) -> None:
        """Whoever reads what it writes is at the end of it."""
        session = self._begun(stage, self.echoing_command())
        reading = Reading(session.output())
        session.close()
        assert reading.wait_for(lambda output: output.ended, self.reading_patience_s), (
            "it was left, and is read for ever"
        )
        session.close()

    @needs("exec")
    def test_a_command_in_no_such_container_is_refused(self, stage: Stage) -> None:
        """The message names those there are."""
        node, pod = self._running(stage)
        run = partial(self._runner(stage).run_command, node, pod, "no-such", self.echoing_command())
        refused = stage.expect_refusal(InvalidInput, "run_command in container 'no-such'", node, run)
        named = ["no-such", *(container.name for container in pod.spec.containers)]
        assert all(name in str(refused) for name in named), f"it says {str(refused)!r}, expected it to name {named}"

    @needs("exec")
    def test_a_command_in_a_pod_that_does_not_run_is_refused(self, stage: Stage) -> None:
        """One that never ran, and one that was stopped."""
        node, stopped = self._running(stage)
        stage.ask.stop_pod(node, stopped, GRACE_MS)
        stage.expect(StopPodDone, stopped.uid, stopped.epoch)
        for pod in (stopped, stage.new_pod(node, self.long_pod(), "other")):
            run = partial(self._runner(stage).run_command, node, pod, "", self.echoing_command())
            stage.expect_refusal(Conflict, f"run_command in {pod.name}, which does not run,", node, run)

    @needs("exec")
    def test_a_node_that_is_not_there_runs_no_commands(self, stage: Stage) -> None:
        """It never was."""
        node = stage.new_node(self.node_spec("nowhere"))
        pod = stage.new_pod(node, self.long_pod())
        run = partial(self._runner(stage).run_command, node, pod, "", self.echoing_command())
        stage.expect_refusal(NodeGone, "run_command", node, run)

    def _running(self, stage: Stage) -> tuple[Node, Pod]:
        node = self.joined(stage)
        pod = stage.new_pod(node, self.long_pod())
        stage.start(node, pod)
        return node, pod

    def _runner(self, stage: Stage) -> CommandRunner:
        assert isinstance(stage.backend, CommandRunner), "it has no run_command; name 'exec' in cannot"
        return stage.backend

    def _begun(self, stage: Stage, command: Sequence[str], *, terminal: bool = False) -> CommandSession:
        node, pod = self._running(stage)
        return self._runner(stage).run_command(node, pod, "", command, terminal=terminal)

    def _all_of(self, session: CommandSession) -> Sequence[tuple[int, bytes]]:
        """What it writes, to its end."""
        reading = Reading(session.output())
        assert reading.wait_for(lambda output: output.ended, self.reading_patience_s), "the command does not end"
        return reading.came


def _stream(output: Sequence[tuple[int, bytes]], number: int) -> bytes:
    return b"".join(data for stream, data in output if stream == number)
