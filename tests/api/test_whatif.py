from __future__ import annotations

import pytest


def told(answer):
    assert answer.status_code == 400, answer.text
    return {each["path"]: each["message"] for each in answer.json["problems"]}


def test_every_fault_is_told_at_once_also_those_of_documents(api):
    body = {
        "items": [{"kind": "Pod"}],
        "fail": ["n1", 7],
        "drain": "n1",
        "add": [3, {"metadata": {"name": "n 1"}, "spec": {"capacity": {"cpu": "many"}}}],
        "losses": "perhaps",
    }
    faults = told(api.post("/v1/plan", body))
    assert faults["fail[1]"] == "expected the name of a node, got 7"
    assert faults["drain"] == "expected a list of at most 20000"
    assert faults["losses"] == "expected true or false, got perhaps"
    assert {path.split(".")[0] for path in faults} >= {"items[0]", "add[0]", "add[1]"}


def test_so_are_names_that_nobody_has_or_two_would_have(api):
    api.node("n1")
    body = {
        "fail": ["n1", "nobody"],
        "drain": ["n1"],
        "add": [api.node_manifest("n1"), api.node_manifest("n2"), api.node_manifest("n2")],
    }
    assert told(api.post("/v1/plan", body)) == {
        "fail[1]": "there is no node 'nobody'; see 'kube9 node list'",
        "drain[0]": "node 'n1' is in fail[0] already; expected each node once in all",
        "add[0].metadata.name": "there is a node 'n1' already; give the new one another name",
        "add[2].metadata.name": "node 'n2' is in add[1].metadata.name already; expected each node once in all",
    }


@pytest.mark.parametrize("field", ["fail", "drain", "add"])
def test_lists_have_a_limit(make_api, field):
    assert told(make_api(items=2).post("/v1/plan", {field: ["n"] * 3})) == {field: "expected a list of at most 2"}


def test_an_unknown_field_is_told_with_those_there_are(api):
    faults = told(api.post("/v1/plan", {"fail": [], "fial": []}))
    assert faults == {"fial": "unknown field; expected apiVersion, kind, metadata, items, fail, drain, add, losses"}


def test_what_is_not_honoured_of_an_added_node_is_told(api):
    document = api.node_manifest("n1")
    document["spec"]["unschedulable"] = True
    (warning,) = api.post("/v1/plan", {"add": [document]}).json["warnings"]
    assert warning.startswith("add[0]: spec.unschedulable: is not honoured here")
