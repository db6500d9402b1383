from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from kube9.agent.processid import AGENT, agent_of, claim, end_agent
from kube9.agent.proctable import start_of

AGENT_LIKE = """
import signal, sys
from kube9.agent.processid import claim
if sys.argv[2:]: signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(claim(sys.argv[1]) is not None, flush=True)
signal.pause()
"""


@contextmanager
def agent_in(folder, *deaf):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", AGENT_LIKE, str(folder), *deaf]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, process.stdout.readline() == "True\n"
        finally:
            process.kill()


def test_a_folder_has_one_agent_until_that_ends(tmp_path):
    assert agent_of(str(tmp_path)) is None
    with agent_in(tmp_path) as (process, is_agent):
        assert is_agent
        told = agent_of(str(tmp_path))
        assert (told["pid"], told["start"]) == (process.pid, start_of(process.pid))
        assert claim(str(tmp_path)) is None
        with agent_in(tmp_path) as (_, is_one_too):
            assert not is_one_too
    assert agent_of(str(tmp_path)) is None
    lock = claim(str(tmp_path))
    assert agent_of(str(tmp_path))["pid"] == os.getpid()
    os.close(lock)


@pytest.mark.parametrize("change", [{"start": 1}, {"machineBoot": "another"}], ids=str)
def test_another_process_that_has_got_its_number_is_not_the_agent(tmp_path, change):
    os.close(claim(str(tmp_path)))
    path = tmp_path / AGENT
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="ascii")), **change}), encoding="ascii")
    assert agent_of(str(tmp_path)) is None
    assert end_agent(str(tmp_path))


def test_it_is_ended_and_waited_for(tmp_path):
    assert end_agent(str(tmp_path))
    with agent_in(tmp_path) as (process, _):
        os.kill(process.pid, signal.SIGSTOP)
        assert end_agent(str(tmp_path))
        assert agent_of(str(tmp_path)) is None
    with agent_in(tmp_path, "deaf"):
        assert not end_agent(str(tmp_path), signal.SIGTERM, within_s=0.05)
        assert end_agent(str(tmp_path))
