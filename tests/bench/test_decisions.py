"""kube9, both ways of writing best-fit, the scan and the loop put every pod on the same node."""

from __future__ import annotations

import pytest

KINDS = ("40 shapes", "every pod different")


@pytest.fixture(scope="module")
def make_effort(bench):
    return lambda **more: bench("effort").Effort(
        nodes=(), compared=200, rounds=3, simulated_pods=0, start_up_runs=0, **more
    )


@pytest.mark.parametrize("nodes", [40, 1_200])
@pytest.mark.parametrize("kind", KINDS)
def test_all_choose_alike(bench, make_effort, kind, nodes):
    found = bench("decisions").measure(kind, nodes, make_effort(chunk_steps=50))
    assert found.compared == 200
    assert found.pods > 3 * nodes


def test_one_that_fits_otherwise_is_caught(bench, make_effort):
    """Told of one node less than there is, the scan chooses otherwise before long."""
    workload = bench("workload").Workload.make("40 shapes", 40, 400)
    race, scan, loop = bench("race"), bench("scan").Scan, bench("loop").Loop
    shifted = [((row + 1) % 40, *rest) for row, *rest in workload.residents]
    entrants = [
        race.Entrant(scan(40, workload.residents), workload.steps, 50),
        race.Entrant(loop(40, shifted), workload.steps, 50),
    ]
    with pytest.raises(race.Disagreement, match="scan has pod s0 on node"):
        race.race(entrants, [name for _, name, _, _ in workload.steps], compared=200, rounds=3)


@pytest.mark.parametrize("contender", [("scan", "Scan"), ("loop", "Loop")], ids=lambda names: names[0])
class TestBaselines:
    """Best-fit on nodes of 32 cores and 128 GiB, by hand."""

    @pytest.fixture
    def make(self, bench, contender):
        module, name = contender
        return getattr(bench(module), name)

    def test_it_takes_the_node_with_the_least_left_that_still_fits(self, make):
        residents = [(0, "a", 30_000, 1), (1, "b", 20_000, 1), (2, "c", 10_000, 1), (0, "leaving", 1, 1)]
        baseline = make(4, residents)
        baseline.run([("leaving", "d", 4_000, 1)])
        assert baseline.places() == {"a": 0, "b": 1, "c": 2, "d": 1}

    def test_among_equals_it_takes_the_first(self, make):
        baseline = make(3, [(2, "leaving", 1, 1)])
        baseline.run([("leaving", "a", 1_000, 1)])
        assert baseline.row_of("a") == 0

    @pytest.mark.parametrize("cpu, memory", [(32_001, 1), (1, (128 << 30) + 1)])
    def test_a_pod_that_fits_nowhere_is_an_error(self, make, cpu, memory):
        baseline = make(2, [(0, "leaving", 1, 1)])
        with pytest.raises(RuntimeError, match="pod large fits nowhere"):
            baseline.run([("leaving", "large", cpu, memory)])
