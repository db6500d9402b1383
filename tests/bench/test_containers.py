"""Containers beside the bare engine and Swarm: what is made of the times, and the whole at its smallest."""

from __future__ import annotations

import json

import pytest

LOST = "a node dies, until its pods run on others"


@pytest.fixture
def result(bench):
    """Make a result of medians: ``{(case, contender): seconds}``."""
    of_result, effort = bench("containers.result"), bench("containers.effort").THOROUGH

    def result(medians, remarks=()):
        took = [
            of_result.Took(case=case, contender=contender, seconds=(seconds - 0.5, seconds + 1, seconds))
            for (case, contender), seconds in medians.items()
        ]
        machine = bench("machine").Machine.this()
        return of_result.Result(machine=machine, engine="1.2.3", effort=effort, took=tuple(took), remarks=remarks)

    return result


STARTS = {
    ("50 started at once", "docker-py, 4 threads"): 8.0,
    ("50 started at once", "docker-py, 8 threads"): 5.0,
    ("50 started at once", "docker-py with names on a network"): 3.0,
    ("50 started at once", "kube9"): 6.0,
    ("50 started at once", "Swarm"): 7.5,
}


def test_it_is_beside_the_best_number_of_threads(result):
    marks = {mark.what: mark for mark in result(STARTS).marks}
    assert set(marks) == {"50 started at once: kube9 / docker-py at its best", "50 started at once: kube9 / Swarm"}
    best, swarm = marks.values()
    assert (best.ratio, best.at_most, best.met) == (pytest.approx(1.2), 1.15, False)
    assert (swarm.ratio, swarm.at_most, swarm.met) == (pytest.approx(0.8), 1.0, True)


def test_a_loss_is_judged_by_seconds_and_beside_swarm(result):
    by_seconds, beside = result({(LOST, "kube9"): 2.0, (LOST, "Swarm"): 16.0}).marks
    assert (by_seconds.ratio, by_seconds.at_most, by_seconds.met) == (2.0, 3.0, True)
    assert beside.ratio == pytest.approx(1 / 8)


def test_what_was_not_measured_has_no_mark_and_is_told(result):
    found = result({(LOST, "kube9"): 2.0}, remarks=("Swarm was not measured.",))
    assert [mark.what for mark in found.marks] == [f"{LOST}: seconds"]
    assert "Swarm was not measured." in found.text()
    assert "Swarm was not measured." in found.markdown()


def test_the_tables_have_every_contender_and_the_ratio_of_it(result):
    made = result(STARTS)
    assert "| 50 started at once | docker-py, 8 threads | 5.00 | 4.50 | 6.00 | 1.20 |" in made.markdown()
    assert made.markdown().count("| 50 started at once |") == 5
    assert json.loads(json.dumps(made.json()))["took"][0]["medianSeconds"] == 8.0


@pytest.mark.once
def test_without_an_engine_it_says_what_to_do(bench, tmp_path, monkeypatch):
    import click

    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(click.ClickException, match="needs a container engine, and none answers at .*nobody.sock"):
        bench("__main__").main(["docker", "--quick"], standalone_mode=False)


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(300)
def test_every_number_is_there_and_nothing_is_left(bench, capsys, own_engine, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", own_engine.address)
    assert own_engine.node_base
    bench("__main__").main(["docker", "--quick", "--json"], standalone_mode=False)
    found = json.loads(capsys.readouterr().out)
    assert [(one["what"], one["by"]) for one in found["took"]] == [
        ("3 started at once", "docker-py, 2 threads"),
        ("3 started at once", "docker-py with names on a network"),
        ("3 started at once, limited to 0.01 cpu", "docker-py"),
        ("3 started at once", "kube9"),
        ("3 started at once, limited to 0.01 cpu", "kube9"),
        (LOST, "kube9"),
        ("3 started at once", "Swarm"),
        ("containers die, until others run in their place", "Swarm"),
        (LOST, "Swarm"),
    ]
    assert all(one["medianSeconds"] > 0 for one in found["took"])
    assert len(found["marks"]) == 4
    assert found["remarks"] == []
    assert own_engine.client.info()["Swarm"]["LocalNodeState"] == "inactive"
