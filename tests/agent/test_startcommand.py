from __future__ import annotations

import json
import subprocess
import sys

import pytest

from kube9.backends.agentfile import agent_file


@pytest.mark.once
def test_an_agent_that_ends_at_once_is_not_waited_for(tmp_path):
    program = tmp_path / "agent.pyz"
    program.write_bytes(agent_file().data)
    about = {"node": "n", "nodeUid": "u", "cluster": "c", "runtime": "nonsense"}
    (tmp_path / "node.json").write_text(json.dumps(about), encoding="utf-8")
    (tmp_path / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:1"}), encoding="utf-8")
    (tmp_path / "token").write_text("t", encoding="utf-8")
    command = [sys.executable, "-I", str(program), "start", "--config", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    told = json.loads(done.stderr)
    assert (done.returncode, told["error"]) == (125, "Away")
    assert "the agent ended soon after its start, and its log ends with: " in told["message"]
