"""Times are compared only between contenders that chose alike."""

from __future__ import annotations

import gc

import pytest


class Fake:
    """Puts every pod on row 7, but those that come at the steps of ``astray``."""

    def __init__(self, name, astray=()):
        self.name, self._astray = name, astray
        self._rows = {}
        self.chunks = []

    def run(self, steps):
        self.chunks.append(len(steps))
        self._rows.update((name, 8 if name in self._astray else 7) for name in steps)

    def row_of(self, name):
        return self._rows[name]

    def places(self):
        return self._rows


NAMES = [f"p{serial}" for serial in range(100)]


@pytest.fixture
def run(bench):
    """Let contenders, each with the length of its chunks, race: ten steps compared, then three rounds."""
    race = bench("race")

    def run(*contenders):
        entrants = [race.Entrant(contender, NAMES, chunk_steps) for contender, chunk_steps in contenders]
        return race.race(entrants, NAMES, compared=10, rounds=3)

    return run


def test_everybody_is_timed(run):
    fast, slow = Fake("fast"), Fake("slow")
    result = run((fast, 20), (slow, 5))
    assert fast.chunks == [1] * 10 + [20] * 3
    assert slow.chunks == [1] * 10 + [5] * 3
    assert set(result.step_us) == {"fast", "slow"}
    assert result.compared == 10
    assert result.collections >= 0


@pytest.mark.parametrize("astray", [pytest.param("p3", id="when compared"), pytest.param("p60", id="when timed")])
def test_whoever_chooses_otherwise_is_caught(bench, run, astray):
    with pytest.raises(bench("race").Disagreement, match=f"sound has pod {astray} on node 7, broken on node 8"):
        run((Fake("sound"), 20), (Fake("broken", {astray}), 20))


def test_a_pod_that_only_one_has_is_caught(bench, run):
    class Forgetful(Fake):
        def places(self):
            return {name: row for name, row in self._rows.items() if name != "p5"}

    with pytest.raises(bench("race").Disagreement, match="sound has pod p5 on node 7, broken on node None"):
        run((Fake("sound"), 20), (Forgetful("broken"), 20))


def test_who_did_not_get_as_far_is_not_compared_at_the_end(run):
    run((Fake("sound"), 20), (Fake("also sound"), 20), (Fake("slow", {"p20"}), 5))


def test_nothing_stays_frozen(run):
    run((Fake("one"), 1))
    assert gc.get_freeze_count() == 0
