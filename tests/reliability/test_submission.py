"""A trace that is submitted while the server is killed is there in the end, each pod once."""

from __future__ import annotations

import pytest

from reliability.command import SERVE, play
from reliability.database import SqliteDatabase
from reliability.figures import Figures
from reliability.server import Server
from reliability.submission import Submission

PODS = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time"
NODES = "sn,cpu_milli,memory_mib,gpu,model"


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(300)
def test_every_pod_of_the_trace_is_there_once(tmp_path):
    pods, nodes, told = tmp_path / "pods.csv", tmp_path / "nodes.csv", []
    # More than there is room for: some wait, and are there all the same.
    rows = [f"pod-{n:04},6000,8192,1,{300 + n % 3 * 100},,LS,Running,{n},{n + 9},{n}" for n in range(200)]
    pods.write_text("\n".join([PODS, *rows]) + "\n")
    nodes.write_text("\n".join([NODES, *(f"node-{n:04},64000,262144,2,P100" for n in range(8))]) + "\n")
    database = SqliteDatabase(tmp_path / "kube9.db")
    figures = Figures(database="sqlite", seed=1, clients=8)
    submission = Submission(
        pods=str(pods),
        nodes=str(nodes),
        server=Server(SERVE, tmp_path, database.url),
        database=database,
        kills=2,
        clients=8,
        seed=1,
        say=told.append,
        figures=figures,
    )
    assert play(submission, say=told.append) == 0, "\n".join(told)
    assert figures.kills.total() == 2
    assert figures.acknowledged == {"added": 8, "launched": 200}
    assert "200 pods submitted, acknowledged and there" in told[-1]
