from __future__ import annotations

import json
from pathlib import Path

import pytest
from attrs import evolve

from kube9.core.errors import FileError, InvalidInput, InvariantViolation
from kube9.simulator.chaos.box import Box
from kube9.simulator.chaos.runs import Finding, read_finding, write_finding
from kube9.simulator.chaos.weather import Climate


def test_a_run_that_holds_is_told_as_it_was(chaos):
    assert chaos.find(5) == chaos.run(5)


@pytest.mark.slow
def test_a_run_that_fails_is_made_smaller_and_still_fails(chaos, monkeypatch):
    monkeypatch.setattr(Box, "fence", lambda box: None)
    found = chaos.find(1)
    assert isinstance(found, Finding)
    assert "two copies" in found.headline
    first = Climate.draw(1)
    assert (found.climate.nodes, found.climate.pods) <= (first.nodes, first.pods)
    assert found.climate.storm_ms < first.storm_ms
    assert 0 < found.tried <= 210
    with pytest.raises(InvariantViolation, match="two copies"):
        chaos.run(1, found.climate)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_kept_can_be_run_again(tmp_path, seed):
    file = str(tmp_path / "found.json")
    write_finding(file, Finding(seed=seed, climate=Climate.draw(seed), error="two copies\nof all"), "abc")
    assert read_finding(file) == (seed, Climate.draw(seed))
    told = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert (told["commit"], told["error"]) == ("abc", "two copies")


@pytest.mark.parametrize(
    "change,message",
    [
        (lambda told: told.pop("seed"), "no run that kube9 has kept"),
        (lambda told: told.update(format="kube9/other"), "has format 'kube9/other'"),
        (lambda told: told["climate"].update(wind=3), "no run that kube9 has kept"),
        (lambda told: told["climate"].pop("link"), "no run that kube9 has kept"),
    ],
)
def test_a_file_that_says_something_else_is_refused(tmp_path, change, message):
    file = tmp_path / "found.json"
    write_finding(str(file), Finding(seed=1, climate=Climate(), error="x"), "abc")
    told = json.loads(file.read_text(encoding="utf-8"))
    change(told)
    file.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(InvalidInput, match=message):
        read_finding(str(file))


def test_a_file_that_is_no_json_or_not_there_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("{", encoding="utf-8")
    with pytest.raises(InvalidInput, match="is no JSON"):
        read_finding(str(tmp_path / "x.json"))
    with pytest.raises(FileError, match="cannot be read"):
        read_finding(str(tmp_path / "none.json"))
    with pytest.raises(FileError, match="cannot be written"):
        write_finding(str(tmp_path), Finding(seed=1, climate=Climate(), error="x"), "abc")


def test_another_health_check_can_be_tried(chaos):
    assert evolve(chaos, health="heartbeat:fail_ms=5000").run(3) != chaos.run(3)


#: Runs that failed once, each with what was wrong then. Users ask for other things since, so the runs are others too.
KEPT = {
    "2522": "an answer to an earlier start of a node gave the next one a lease",
}


@pytest.mark.parametrize("name", KEPT)
def test_what_failed_once_holds(chaos, name):
    seed, climate = read_finding(str(Path(__file__).with_name("kept") / f"{name}.json"))
    assert chaos.run(seed, climate).starts > 0


def test_every_run_that_was_kept_is_told_of():
    assert {file.stem for file in Path(__file__).with_name("kept").glob("*.json")} == KEPT.keys()
