from __future__ import annotations

import subprocess
import sys

from kube9.agent.clock import now_ms

ASK = "import sys; sys.path[:0] = sys.argv[1:]; from kube9.agent.clock import now_ms; print(now_ms())"


def test_it_never_runs_backwards():
    times = [now_ms() for _ in range(1_000)]
    assert times == sorted(times)


def test_it_is_the_same_in_another_process():
    before_ms = now_ms()
    done = subprocess.run([sys.executable, "-c", ASK, *sys.path], capture_output=True, text=True, check=True)
    assert before_ms <= int(done.stdout) <= now_ms()
