from __future__ import annotations

import pytest

SUITE = """
from __future__ import annotations

import pytest
from kube9.core.containers import Container, Probe, TcpSocketAction
from kube9.core.pods import PodSpec
from kube9.testing import BackendContract

import {module} as doubles


class TestDouble(BackendContract):
    cannot = getattr(doubles.{double}, "cannot", ())
    reading_patience_s = 2.0

    @pytest.fixture
    def backend(self, clock, deliver):
        return doubles.{double}(clock, deliver)

    def short_pod(self, exit_code):
        return PodSpec(name="short", labels={{"exit": str(exit_code)}})

    def crashing_pod(self):
        return PodSpec(name="crashing", labels={{"crashes": ""}}, containers=(Container(name="web"),))

    def unready_pod(self):
        probe = Probe(action=TcpSocketAction(port=80), period_ms=10)
        return PodSpec(name="unready", labels={{"unready": ""}}, containers=(Container(name="web", readiness=probe),))

    def unstartable_pod(self):
        return PodSpec(name="unstartable", labels={{"error": "no-image"}})

    def lose_node(self, backend, node):
        backend.crash_node(node.uid, 250)

    def running_copies(self, backend, node, pod):
        return backend.outside(node, pod)

    def reconnected(self, backend):
        return backend.again()

    def expected_log(self):
        return b"running"
"""

#: Which tests of the contract must fail for each double, and no others.
CAUGHT_BY = {
    "Sound": set(),
    "Patient": set(),
    "JoinsAgainLater": {
        "test_a_created_node_joins_once",
        "test_a_node_created_twice_joins_once",
        "test_a_restarted_node_joins_once_more",
    },
    "JoinsOncePerCall": {"test_a_node_created_twice_joins_once"},
    "AnswersWithinTheCall": {"test_nothing_is_delivered_within_a_call"},
    "UnknownIsEmpty": {"test_an_unknown_node_runs_nothing"},
    "LostIsEmpty": {"test_a_lost_node_runs_nothing"},
    "DestroysInSilence": {"test_a_destroyed_node_is_told", "test_a_destroyed_node_takes_its_pods_with_it"},
    "SilentOnUnknownDestroy": {"test_destroying_an_unknown_node_is_told"},
    "LeavesPodsOfDestroyed": {"test_a_destroyed_node_takes_its_pods_with_it"},
    "JoinsTwiceAfterRestart": {"test_a_restarted_node_joins_once_more"},
    "FencesInSilence": {"test_a_restart_that_somebody_waits_for_fences_the_node"},
    "FencesTooLate": {"test_a_restart_that_somebody_waits_for_fences_the_node"},
    "RestartKeepsPods": {
        "test_a_restarted_node_is_empty",
        "test_a_restart_that_somebody_waits_for_fences_the_node",
    },
    "SilentOnLostRestart": {"test_the_restart_of_a_lost_node_is_answered"},
    "MixesNodes": {"test_many_nodes_at_once_do_not_mix"},
    "ListsRunningAsStarting": {"test_a_started_pod_is_told_and_listed"},
    "Resurrects": {"test_a_node_runs_just_what_it_was_given"},
    "Forgetful": {"test_after_a_reconnect_it_lists_what_runs"},
    "TellsSecondStarts": {"test_a_pod_started_twice_runs_once"},
    "RunsSecondCopies": {"test_a_pod_started_twice_runs_once", "test_after_a_reconnect_it_lists_what_runs"},
    "LeavesProcesses": {
        "test_a_stopped_pod_is_told",
        "test_a_pod_stopped_right_after_its_start_does_not_run",
        "test_a_stop_leaves_other_epochs_alone",
        "test_a_late_start_of_a_stopped_epoch_does_not_run",
        "test_after_a_reconnect_it_lists_what_runs",
    },
    "LeavesProcessesOfNodes": {
        "test_a_destroyed_node_takes_its_pods_with_it",
        "test_a_restarted_node_is_empty",
        "test_a_restart_that_somebody_waits_for_fences_the_node",
    },
    "NeverBeats": {
        "test_a_node_that_is_up_is_heard",
        "test_a_lost_node_is_heard_no_more",
        "test_after_a_reconnect_its_nodes_are_heard_again",
    },
    "BeatsOnce": {
        "test_a_node_that_is_up_is_heard",
        "test_a_lost_node_is_heard_no_more",
        "test_after_a_reconnect_its_nodes_are_heard_again",
    },
    "BeatsForTheDead": {"test_a_lost_node_is_heard_no_more"},
    "BeatsNoMoreAfterReconnect": {"test_after_a_reconnect_its_nodes_are_heard_again"},
    "RunsWhatWasStopped": {"test_a_late_start_of_a_stopped_epoch_does_not_run"},
    "SecondStartFails": {"test_a_pod_started_twice_runs_once"},
    "FailsWithoutReason": {"test_a_pod_that_cannot_start_is_told_and_why"},
    "StartsWhatFails": {
        "test_a_pod_that_cannot_start_is_told_and_why",
        "test_a_late_start_of_an_older_epoch_does_not_run",
    },
    "SilentOnUnknownStop": {
        "test_a_pod_that_never_ran_is_told_as_stopped",
        "test_a_late_start_of_a_stopped_epoch_does_not_run",
        "test_a_node_runs_just_what_it_was_given",
    },
    "SilentOnSecondStop": {
        "test_a_pod_stopped_twice_is_told_after_each",
        "test_a_node_runs_just_what_it_was_given",
    },
    "ListsStopped": {"test_a_stopped_pod_is_listed_no_more", "test_after_a_reconnect_it_lists_what_runs"},
    "StopMissesWhatStarts": {"test_a_pod_stopped_right_after_its_start_does_not_run"},
    "StopsEveryEpoch": {"test_a_stop_leaves_another_epoch_alone", "test_a_stop_leaves_other_epochs_alone"},
    "RunsLateStarts": {
        "test_a_late_start_of_an_older_epoch_does_not_run",
        "test_a_late_start_of_a_stopped_epoch_does_not_run",
    },
    "ExitsTwice": {"test_a_pod_that_exits_is_told_once_with_its_code"},
    "ExitsWithoutCode": {"test_a_pod_that_exits_is_told_once_with_its_code"},
    "ForgetsExited": {"test_a_pod_that_exited_is_listed_until_stopped"},
    "ExitsRatherThanRestart": {"test_a_container_that_ends_is_started_again_on_its_node"},
    "CountsNoRestarts": {"test_a_container_that_ends_is_started_again_on_its_node"},
    "ListsNoRestarts": {"test_a_container_that_ends_is_started_again_on_its_node"},
    "RestartsWhatNeverIs": {"test_a_container_that_is_never_to_be_started_again_is_not"},
    "RestartsWhatWasStopped": {"test_a_pod_between_two_restarts_can_be_stopped"},
    "ReadyAtOnce": {"test_a_pod_is_told_as_ready_when_it_is"},
    "NeverReady": {"test_a_pod_is_told_as_ready_when_it_is"},
    "LogsText": {
        "test_logs_are_bytes",
        "test_the_end_of_a_log_is_so_many_lines",
        "test_a_followed_log_goes_on_until_the_pod_has_ended",
    },
    "LogsNothing": {"test_logs_are_bytes"},
    "LogsTheBeginning": {"test_the_end_of_a_log_is_so_many_lines"},
    "LogsAnyContainer": {"test_the_log_of_no_such_container_is_refused"},
    "FollowsNothing": {"test_a_followed_log_goes_on_until_the_pod_has_ended"},
    "FollowsForEver": {"test_a_followed_log_goes_on_until_the_pod_has_ended"},
    "FollowsAsGenerator": {"test_a_followed_log_can_be_left"},
    "FollowsWithEmptyPieces": set(),
    "FollowsWithoutEscape": {"test_a_followed_log_can_be_left"},
    "MixesStreams": {"test_a_command_tells_what_it_wrote_where_and_how_it_ended"},
    "EndsWell": {
        "test_a_command_tells_what_it_wrote_where_and_how_it_ended",
        "test_at_a_terminal_everything_is_stdout",
    },
    "AnswersAtTheEnd": {"test_a_command_reads_its_input_to_the_end"},
    "HasNoTerminals": {"test_at_a_terminal_everything_is_stdout"},
    "CommandsOutlivePods": {"test_a_command_ends_with_its_pod"},
    "CommandsCannotBeLeft": {"test_a_command_can_be_left"},
    "RunsInAnyContainer": {"test_a_command_in_no_such_container_is_refused"},
    "RunsInWhatEnded": {"test_a_command_in_a_pod_that_does_not_run_is_refused"},
    "RunsNowhere": {"test_a_node_that_is_not_there_runs_no_commands"},
    "RaisesLate": {
        "test_an_unknown_node_runs_nothing",
        "test_a_destroyed_node_takes_its_pods_with_it",
        "test_a_lost_node_runs_nothing",
        "test_the_log_of_no_such_container_is_refused",
        "test_a_followed_log_can_be_left",
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("double,caught_by", CAUGHT_BY.items(), ids=CAUGHT_BY)
def test_the_contract_catches_each_double_for_the_right_reason(failures, double, caught_by):
    assert failures("backend_doubles", double, suite=SUITE) == caught_by


def test_what_a_backend_cannot_do_is_left_out_and_reported(pytester, write_suite):
    write_suite("backend_doubles", "CannotExit", suite=SUITE)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-rs")
    result.assert_outcomes(passed=48, skipped=4)
    result.stdout.fnmatch_lines(["SKIPPED*TestDouble cannot 'exit': run a pod that ends by itself*"])
