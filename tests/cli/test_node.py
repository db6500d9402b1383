"""``kube9 node``, against a real server."""

from __future__ import annotations

import json

import pytest
import yaml


def row(lines, name):
    titles, *rows = (line.split() for line in lines)
    return next(dict(zip(titles, cells, strict=False)) for cells in rows if cells[0] == name)


def test_nodes_are_added_with_all_that_is_asked_for(live, done, said):
    shape = ("--cpu", "8", "--memory", "16Gi", "--pods", "10", "--capacity", "licences=3", "--label", "zone=a")
    more = ("--taint", "spot:NoExecute", "--taint", "team=ml:NoSchedule", "--device", "kind=gpu,count=2,model=T4")
    lines = done("node", "add", "g1", "g2", *shape, *more, "--option", "lose_after_ms=99999999", "--wait")
    assert lines == ["node g1 added", "node g2 added"]
    node = said("node", "show", "g1")
    assert node["metadata"]["labels"] == {"zone": "a"}
    assert node["status"]["capacity"] == {"cpu": "8", "memory": "16Gi", "pods": "10", "licences": "3", "gpu": "2000"}
    assert [(taint["key"], taint["effect"]) for taint in node["spec"]["taints"]] == [
        ("spot", "NoExecute"),
        ("team", "NoSchedule"),
    ]
    assert node["spec"]["devices"][0]["model"] == "T4"
    assert node["spec"]["options"] == {"lose_after_ms": "99999999"}


def test_the_ticket_of_a_new_node_is_in_its_document_alone(live, done, said):
    assert "token" not in "".join(done("node", "add", "n1", "--cpu", "1"))
    assert said("node", "add", "n2", "--cpu", "1")["ticket"]["token"]
    assert said("node", "add", "n2", "--cpu", "1")["ticket"] is None, "it was there already"


def test_a_list_is_one_line_each(live, done):
    live.add_nodes("n1", "n2")
    lines = done("node", "list")
    assert lines[0].split() == ["NAME", "STATUS", "PODS", "CPU", "MEMORY", "OTHER", "AGE", "REASON"]
    assert row(lines, "n1")["STATUS"] == "Ready"
    assert row(lines, "n1")["CPU"] == "0/4"
    wide = done("node", "list", "-o", "wide")
    assert wide[0].split()[-4:] == ["BACKEND", "LABELS", "TAINTS", "UID"]
    assert wide[1].endswith("uid-n1")


def test_json_is_what_the_api_says_and_yaml_the_same(live, run, said):
    from kube9.client import Client

    live.add_nodes("n1", "n2")
    with Client() as client:
        nodes = list(client.nodes())
        assert said("node", "show", "n1") == client.node("n1")
    assert said("node", "list") == {"apiVersion": "kube9/v1", "kind": "NodeList", "items": nodes}
    assert yaml.safe_load(run("node", "list", "-o", "yaml").stdout) == said("node", "list")


def test_some_are_chosen_by_their_labels(live, done):
    done("node", "add", "a", "--cpu", "1", "--label", "zone=a")
    done("node", "add", "b", "--cpu", "1", "--label", "zone=b")
    assert [line.split()[0] for line in done("node", "list", "-l", "zone!=b")] == ["NAME", "a"]


def test_a_node_shows_all_there_is_to_know(live, done):
    done("node", "add", "n1", "--cpu", "2", "--device", "kind=gpu,count=2,model=T4", "--label", "zone=a", "--wait")
    told = dict(line.split(":", 1) for line in done("node", "show", "n1"))
    assert {key: told[key].strip() for key in ("Name", "Status", "Labels", "Devices")} == {
        "Name": "n1",
        "Status": "Ready",
        "Labels": "zone=a",
        "Devices": "2 x gpu T4 of 1000 milli",
    }


def test_cordon_drain_and_uncordon(live, done):
    live.add_nodes("n1", "n2")
    done("pod", "run", "web", "--cpu", "1", "--wait")
    assert done("node", "cordon", "n1", "n2") == ["node n1 cordoned", "node n2 cordoned"]
    assert row(done("node", "list"), "n1")["STATUS"] == "Ready,cordoned"
    assert done("node", "uncordon", "n1", "n2") == ["node n1 uncordoned", "node n2 uncordoned"]
    assert done("node", "drain", "n1", "--grace-period", "0s") == ["node n1 drained"]
    assert done("node", "drain", "n1", "--detach") == ["node n1 drains"]
    assert row(done("pod", "list"), "web")["NODE"] == "n2"


def test_a_drain_under_way_is_shown_and_undone(live, done, run):
    live.add_nodes("n1")
    done("pod", "run", "web", "--cpu", "1", "--wait")
    assert done("node", "drain", "n1", "--detach", "--no-deadline", "--parallel", "2") == ["node n1 drains"]
    waits = "1 of 1 pods left, 0 under way; waiting for room for web: 0 of 1 nodes fit: 1 cordoned"
    assert row(done("node", "list"), "n1")["STATUS"] == "Ready,draining"
    told = dict(line.split(":", 1) for line in done("node", "show", "n1"))
    assert (told["Drain"].strip(), told["Deadline"].strip()) == (waits, "none")
    late = run("node", "drain", "n1", "--timeout", "1ms")
    assert (late.exit_code, late.stdout) == (1, "")
    assert late.stderr == f"Error: waited 0.001 s for node n1 to be empty: n1 has {waits}\n"
    assert done("node", "drain", "n1", "--cancel", "--keep-cordoned") == ["drain of node n1 cancelled"]
    assert row(done("node", "list"), "n1")["STATUS"] == "Ready,cordoned"
    assert done("node", "drain", "n1", "--cancel") == ["drain of node n1 cancelled"]
    assert row(done("node", "list"), "n1")["STATUS"] == "Ready"


@pytest.mark.parametrize(
    "options,told",
    [
        (("--deadline", "1m", "--no-deadline"), "--deadline and --no-deadline: give one of them"),
        (("--deadline", "soon"), "--deadline: "),
        (("--cancel", "--parallel", "2"), "--cancel undoes a drain, and goes with --keep-cordoned alone"),
        (("--cancel", "--detach"), "--cancel undoes a drain"),
        (("--keep-cordoned",), "--keep-cordoned goes with --cancel"),
    ],
)
def test_options_of_a_drain_that_do_not_go_together(live, run, options, told):
    result = run("node", "drain", "n1", *options)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_node_fails_comes_back_and_goes(live, done, run):
    live.add_nodes("n1")
    assert done("node", "fail", "n1", "--for", "100ms") == ["node n1 breaks"]
    assert done("node", "delete", "n1", "--wait") == ["node n1 deleted"]
    result = run("node", "show", "n1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: there is no node 'n1'; 'kube9 node list' shows those there are\n"


def test_a_node_that_is_gone_for_good_can_be_forgotten(live, done, run):
    live.add_nodes("n1")
    forced = run("node", "delete", "n1", "--force")
    assert (forced.exit_code, forced.stdout) == (1, ""), "it may run something"
    done("node", "fail", "n1", "--permanent")
    live.wait_for("NodeFenced")
    assert done("node", "delete", "n1", "--force") == ["node n1 deleted"]


def test_one_that_fails_does_not_stop_the_others(live, run):
    live.add_nodes("n1", "n2")
    result = run("node", "cordon", "n1", "nope", "n2")
    assert result.stdout == "node n1 cordoned\nnode n2 cordoned\n"
    assert result.stderr.startswith("Error: there is no node 'nope'")
    assert result.exit_code == 2


def test_several_documents_are_a_list(live, said):
    live.add_nodes("n1", "n2")
    listed = said("node", "cordon", "n1", "n2")
    assert listed["kind"] == "List"
    assert [item["metadata"]["name"] for item in listed["items"]] == ["n1", "n2"]


def test_nobody_waits_for_a_node_that_cannot_be_made(live, run):
    failed = run(
        "node", "add", "n1", "--cpu", "1", "--option", "create_error=no such machine", "--wait", "--timeout", "1h"
    )
    assert failed.exit_code == 1
    assert "node n1 is Lost (not created: no such machine)" in failed.stderr


def test_time_runs_out_with_what_is_missing(live, run):
    result = run(
        "node", "add", "n1", "--cpu", "1", "--option", "create_delay_ms=600000", "--wait", "--timeout", "300ms"
    )
    assert result.exit_code == 1
    assert result.stderr == "Error: waited 0.3 s for node n1 to be ready: n1 is Provisioning\n"
    assert result.stdout == ""


@pytest.mark.parametrize(
    "args,message",
    [
        (("add", "n1", "--label", "zone"), "--label: expected key=value, got 'zone'"),
        (("add", "n1", "--taint", "spot"), "--taint: expected a taint as key=value:Effect"),
        (("add", "n1", "--cpu", "4x"), "spec.capacity.cpu: expected a quantity of cpu such as 500m or 2, got '4x'"),
        (("add", "N_1"), "metadata.name"),
        (("add", "n1", "--backend", "cloud"), "there is no backend 'cloud'"),
        (("add",), "give names of nodes, or -f"),
        (("add", "n1", "n2", "--host", "10.0.0.5"), "--host is one machine"),
        (("add", "-f", "no.yaml", "--cpu", "4"), "--cpu is for nodes that are named here"),
        (("add", "n1", "--host", "a", "--option", "host=b"), "'host' is given by --host too"),
        (("fail", "n1", "--for", "1s", "--permanent"), "--permanent means for ever"),
        (("fail", "n1", "--for", "soon"), "--for: expected a time such as 90"),
        (("list", "-l", "a in"), "labelSelector: expected"),
        (("lst",), "Did you mean 'node list'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_misuse_is_explained(live, run, args, message):
    result = run("node", *args)
    assert message in result.stderr
    assert (result.exit_code, result.stdout) == (2, "")


def test_without_a_server_it_says_what_to_do(run, tmp_path):
    result = run("node", "list")
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: no server is known: {tmp_path}/state/server.json is not there; "
        "start one with 'kube9 serve', or name it with --server or KUBE9_SERVER\n"
    )


def test_a_server_that_is_gone_is_named_with_its_process(live, run):
    live.server.stop()
    result = run("node", "list")
    assert result.exit_code == 1
    assert f"no server answers at {live.url}, where process " in result.stderr
    assert "start one with 'kube9 serve', or name it with --server" in result.stderr


@pytest.mark.parametrize("how", ["options", "variables"])
def test_another_server_can_be_named(live, run, tmp_path, how):
    live.add_nodes("n1")
    token = live.folder.token()
    args, env = (), {"KUBE9_STATE_DIR": str(tmp_path / "elsewhere")}
    if how == "options":
        args = ("--server", live.url, "--token", token)
    else:
        env |= {"KUBE9_SERVER": live.url, "KUBE9_TOKEN": token}
    result = run("node", "list", *args, "-o", "json", env=env)
    assert [node["metadata"]["name"] for node in json.loads(result.stdout)["items"]] == ["n1"]
    unknown = run("node", "list", "--server", live.url, env={"KUBE9_STATE_DIR": str(tmp_path / "elsewhere")})
    assert unknown.exit_code == 1
    assert f"looked for in --token, KUBE9_TOKEN and {tmp_path}/elsewhere/token" in unknown.stderr
