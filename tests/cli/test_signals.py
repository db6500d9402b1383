"""The first signal is a wish; the second ends the process at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from kube9.cli.signals import Signals

STUBBORN = """
import threading
from kube9.cli.signals import Signals
with Signals() as signals:
    print("ready", flush=True)
    signals.wait()
    print(signals.reason, flush=True)
    threading.Event().wait()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_that_will_not_end_is_ended_by_the_second(number):
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.readline() == f"{number.name}\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == -signal.SIGINT


def test_what_was_there_before_is_put_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Signals():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_server_that_cannot_go_on_ends_by_itself():
    with Signals() as signals:
        thread = threading.Thread(target=signals.fail, args=("the disk is gone",))
        thread.start()
        signals.wait()
        thread.join()
    assert (signals.failure, signals.reason) == ("the disk is gone", "the disk is gone")


AT_ANY_MOMENT = """
import os, signal, sys, threading
from kube9.cli.signals import Signals

for number in range(400):
    with Signals() as signals:
        thread = threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGTERM))
        thread.start()
        signals.wait()
        thread.join()
        assert signals.told and signals.reason == "SIGTERM"
print("every one was taken")
"""


def test_a_signal_may_come_at_any_moment_of_the_waiting():
    done = subprocess.run(
        [sys.executable, "-c", AT_ANY_MOMENT], capture_output=True, check=False, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "every one was taken\n"), done.stderr
