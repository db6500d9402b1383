"""What the contenders are given is the same every time, is what it is called, and fits."""

from __future__ import annotations

from collections import Counter

import pytest

KINDS = ("40 shapes", "every pod different")
GI = 1 << 30


@pytest.fixture(scope="module")
def make(bench):
    return bench("workload").Workload.make


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_same_every_time(make, kind):
    assert make(kind, 60, 50) == make(kind, 60, 50)
    assert make(kind, 60, 50) != make(kind, 61, 50)


@pytest.mark.parametrize("nodes", [60, 1_000, 1_500])
@pytest.mark.parametrize("kind", KINDS)
def test_the_residents_fit_and_take_seven_tenths(make, kind, nodes):
    workload = make(kind, nodes, 0)
    cpu, memory = Counter(), Counter()
    for row, _, cpu_milli, memory_bytes in workload.residents:
        cpu[row] += cpu_milli
        memory[row] += memory_bytes
    assert max(cpu.values()) <= 32_000
    assert max(memory.values()) <= 128 * GI
    assert max(cpu) < nodes
    assert workload.utilisation == pytest.approx(0.7, abs=0.1)


def test_there_are_forty_shapes_whatever_the_size(make):
    steps = (*make("40 shapes", 60, 1_000).steps, *make("40 shapes", 200, 1_000).steps)
    assert len({step[2:] for step in steps}) == 40


def test_every_pod_is_different(make):
    workload = make("every pod different", 60, 1_000)
    asked = [resident[2:] for resident in workload.residents] + [step[2:] for step in workload.steps]
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("kind", KINDS)
def test_who_leaves_is_there(make, kind):
    workload = make(kind, 60, 500)
    there = {name for _, name, _, _ in workload.residents}
    for leaving, coming, _, _ in workload.steps:
        there.remove(leaving)
        assert coming not in there
        there.add(coming)
