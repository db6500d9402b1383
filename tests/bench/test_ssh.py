"""Machines and their pods beside bare ssh: what is made of the times, and the whole at its smallest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def result(bench):
    """Make a result of ``{(case, share): seconds}``, ``{contender: seconds}`` and ``{what: (bytes, of a core)}``."""
    of, effort, machine = bench("ssh.result"), bench("ssh.effort").THOROUGH, bench("machine").Machine.this()

    def result(joined=(), started=(), weights=(), remarks=()):
        return of.Result(
            machine=machine,
            effort=effort,
            joined=tuple(
                of.Joined(case=case, share=share, seconds=seconds, machine_cpu_s=(0.2,), server_cpu_s=(0.03,))
                for (case, share), seconds in dict(joined).items()
            ),
            started=tuple(of.Started(contender=who, seconds=seconds) for who, seconds in dict(started).items()),
            weights=tuple(
                of.Weight(what=what, memory_bytes=memory_bytes, of_a_core=of_a_core)
                for what, (memory_bytes, of_a_core) in dict(weights).items()
            ),
            remarks=remarks,
        )

    return result


JOINED = {
    ("one machine joins alone", None): (0.5, 0.4, 0.3),
    ("20 machines join at once", None): (3.0, 2.0, 2.5),
    ("one machine joins alone", 1 / 40): (4.0,),
    ("20 machines join at once", 1 / 40): (5.0,),
}


def test_joins_are_held_against_the_slowest_alone_with_as_much_of_the_processors(result):
    free, shared = result(JOINED).marks
    assert free.what == "20 machines join at once, all / the slowest alone"
    assert (free.ratio, free.met) == (pytest.approx(5.0), False)
    assert shared.what == "20 machines join at once, 1/40 / the slowest alone"
    assert (shared.ratio, shared.at_most, shared.met) == (pytest.approx(1.25), 3.0, True)


def test_a_start_is_held_against_both_ways_of_bare_ssh(bench, result):
    of = bench("ssh.result")
    made = result(started={of.KUBE9: (0.03, 0.01, 0.02), of.PARAMIKO: (0.008,), of.OPENSSH: (0.016,)})
    assert [(mark.what, mark.ratio, mark.met) for mark in made.marks] == [
        ("a pod starts: kube9 / paramiko", pytest.approx(2.5), False),
        ("a pod starts: kube9 / ssh", pytest.approx(1.25), True),
    ]
    assert f"| {of.PARAMIKO} | 8.0 | 8.0 | 8.0 | 2.50 |" in made.markdown()


def test_the_agent_alone_has_marks_at_rest(result):
    made = result(weights={"the agent": (20 * 2**20, 0.002), "its warden": (30 * 2**20, 0.01)})
    assert [(mark.ratio, mark.at_most) for mark in made.marks] == [(20.0, 25.0), (pytest.approx(0.2), 0.5)]
    assert "| its warden | 30.0 | 1.00 |" in made.markdown()


def test_what_was_not_measured_has_no_mark_and_is_told(result):
    made = result(remarks=("There were no shares.",))
    assert made.marks == ()
    assert "There were no shares." in made.text()
    assert "There were no shares." in made.markdown()


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(300)
def test_every_number_is_there_and_nothing_is_left(bench, capsys, ssh):
    bench("__main__").main(["ssh", "--quick", "--json"], standalone_mode=False)
    found = json.loads(capsys.readouterr().out)
    cases = ["the first that a new server has", "one machine joins alone", "2 machines join at once"]
    shares = [None] if found["remarks"] else [None, 0.25]
    assert [(one["what"], one["share"]) for one in found["joined"]] == [(c, s) for s in shares for c in cases]
    assert all(one["medianSeconds"] > 0 for one in (*found["joined"], *found["started"]))
    assert [one["what"] for one in found["atRest"]] == ["the agent", "its warden"]
    assert all(one["memoryBytes"] > 0 for one in found["atRest"])
    assert len(found["marks"]) == 4 + len(shares)
    assert list(Path("/sys/fs/cgroup").glob("cpu*/kube9-bench-*")) == []
    assert ssh.left() == {}
