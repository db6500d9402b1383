from __future__ import annotations

import signal
import subprocess
import sys

import pytest

SCRIPT = """
import multiprocessing, os, sys, threading
from kube9.simulator.orphans import end_with_the_parent

def work(ready):
    end_with_the_parent()
    ready.set()
    threading.Event().wait()

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    ready = [context.Event() for _ in range(2)]
    for each in ready:
        context.Process(target=work, args=(each,)).start()
    for each in ready:
        each.wait()
    print("ready", flush=True)
    threading.Event().wait()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_the_process_that_began_them(tmp_path, number):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        assert parent.stdout.readline() == b"ready\n"
        parent.send_signal(number)
        parent.wait(60)
        # The workers hold the other end as well: it is closed when the last of them is gone.
        assert parent.stdout.read() == b""
