from __future__ import annotations

import pytest

from kube9.agent.brain import Beat, Brain, CopyReport
from kube9.api.beats import read_beat
from kube9.api.limits import Limits
from kube9.core.errors import ManifestError

POD = {"uid": "p", "epoch": 2, "phase": "Failed", "exitCode": 3, "error": "no image"}
BEAT = {"boot": "b", "token": "", "sequence": 1, "pods": [POD]}


def test_what_an_agent_says_is_read():
    assert read_beat(BEAT, Limits()) == Beat("b", "", 1, (CopyReport("p", 2, "Failed", 3, "no image"),))


def test_what_need_not_be_said():
    short = {"boot": "b", "token": "t", "sequence": 7, "pods": [{"uid": "p", "epoch": 0, "phase": "Running"}]}
    assert read_beat(short, Limits()) == Beat("b", "t", 7, (CopyReport("p", 0, "Running"),))
    assert read_beat({"boot": "b", "token": "t", "sequence": 7}, Limits()).pods == ()


def test_how_a_pod_is():
    pod = {"uid": "p", "epoch": 2, "phase": "Running", "ready": False, "restarts": 3, "reason": "Unhealthy: it hangs"}
    (copy,) = read_beat({**BEAT, "pods": [pod]}, Limits()).pods
    assert copy == CopyReport("p", 2, "Running", ready=False, restarts=3, reason="Unhealthy: it hangs")


WRONG = [
    ({}, ["boot", "token", "sequence"]),
    ({**BEAT, "boot": "", "sequence": True}, ["boot", "sequence"]),
    ({**BEAT, "token": None, "sequence": 0}, ["token", "sequence"]),
    ({**BEAT, "sequence": 1.0, "colour": 1}, ["sequence", "colour"]),
    ({**BEAT, "boot": "b" * 201, "pods": {}}, ["boot", "pods"]),
    ({**BEAT, "pods": [POD] * 4}, ["pods"]),
    ({**BEAT, "pods": [POD, "p", {}]}, ["pods[1]", "pods[2].uid", "pods[2].epoch", "pods[2].phase"]),
    ({**BEAT, "pods": [{**POD, "phase": "Pending", "epoch": -1}]}, ["pods[0].epoch", "pods[0].phase"]),
    ({**BEAT, "pods": [{**POD, "phase": [], "exitCode": "3"}]}, ["pods[0].phase", "pods[0].exitCode"]),
    ({**BEAT, "pods": [{**POD, "error": None, "name": "p"}]}, ["pods[0].error", "pods[0].name"]),
    (
        {**BEAT, "pods": [{**POD, "ready": 1, "restarts": -1, "reason": 4}]},
        ["pods[0].ready", "pods[0].restarts", "pods[0].reason"],
    ),
]


@pytest.mark.parametrize("document, paths", WRONG, ids=[" ".join(paths) for _, paths in WRONG])
def test_all_that_is_wrong_is_told_at_once(document, paths):
    with pytest.raises(ManifestError) as caught:
        read_beat(document, Limits(items=3))
    assert [problem.path for problem in caught.value.problems] == paths


def beat(api, brain, **more):
    """Let an agent beat over HTTP; what it is answered."""
    said = brain.beat(0)
    pods = [
        {"uid": copy.uid, "epoch": copy.epoch, "phase": copy.phase, "exitCode": copy.exit_code, "error": copy.error}
        for copy in said.pods
    ]
    body = {"boot": said.boot, "token": said.token, "sequence": said.sequence, "pods": pods}
    answer = api.post("/v1/nodes/n1/heartbeat", {**body, **more})
    assert answer.status_code == 200, answer.text
    told = answer.json
    assert told["sequence"] == said.sequence
    brain.token = told["token"]
    return told


def test_an_agent_joins_and_what_it_runs_is_known(api):
    api.node("n1")
    brain = Brain("boot-1")
    first = beat(api, brain)
    assert (first["leaseMillis"], first["gone"]) == (0, False)
    told = beat(api, brain)
    assert 0 < told["intervalMillis"] < told["leaseMillis"]
    assert api.plane.view.node("n1").incarnation == "boot-1"


def test_how_pods_are_is_told_by_beats_and_shown(api):
    api.node("n1")
    brain = Brain("boot-1")
    beat(api, brain)
    beat(api, brain)
    api.post("/v1/pods", {"metadata": {"name": "web"}, "spec": {"requests": {"cpu": "100m"}}})
    api.until(lambda: api.get("/v1/pods/web").json["status"]["nodeName"] == "n1")
    pod = api.get("/v1/pods/web").json
    copy = {"uid": pod["metadata"]["uid"], "epoch": pod["status"]["epoch"], "phase": "Running"}
    sick = {"ready": False, "restarts": 2, "reason": "Unhealthy: it hangs"}
    beat(api, brain, pods=[{**copy, **sick}])
    api.until(lambda: api.get("/v1/pods/web").json["status"]["restarts"] == 2)
    assert api.get("/v1/pods/web").json["status"].items() >= {"phase": "Running", **sick}.items()
    beat(api, brain, pods=[{**copy, "restarts": 2}])
    api.until(lambda: api.get("/v1/pods/web").json["status"]["ready"])
    assert "kube9_container_restarts 2.0" in api.get("/metrics").text
    assert "kube9_pods_ready 1.0" in api.get("/metrics").text


def test_a_body_that_is_wrong_is_refused_with_all_that_is(api):
    api.node("n1")
    answer = api.post("/v1/nodes/n1/heartbeat", {"boot": 1, "token": "", "pods": [{}]})
    assert api.paths_of(answer) == ["boot", "sequence", "pods[0].uid", "pods[0].epoch", "pods[0].phase"]
    api.problem_of(api.post("/v1/nodes/n1/heartbeat", []), 400)
    api.problem_of(api.post("/v1/nodes/none/heartbeat", BEAT), 404)
