from __future__ import annotations

import random

import pytest
from attrs import asdict, fields
from hypothesis import given
from hypothesis import strategies as st

from kube9.simulator.chaos.weather import Climate, LinkQuality

SEEDS = range(200)


def test_a_seed_always_draws_the_same():
    assert [Climate.draw(seed) for seed in SEEDS] == [Climate.draw(seed) for seed in SEEDS]


def test_seeds_draw_unlike_climates():
    assert len({repr(Climate.draw(seed)) for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("name", [each.name for each in fields(Climate) if each.name != "patience"])
def test_everything_about_a_climate_is_drawn(name):
    assert len({repr(getattr(Climate.draw(seed), name)) for seed in SEEDS}) > 1


@pytest.mark.parametrize("name", [each.name for each in fields(LinkQuality)])
def test_everything_about_a_link_is_drawn(name):
    assert len({getattr(Climate.draw(seed).link, name) for seed in SEEDS}) > 1


def kinds(climate):
    """Which kinds of fault strike."""
    return {name for name, value in asdict(climate).items() if name.endswith("_every_ms") and value} - {"user_every_ms"}


def test_some_seeds_have_many_kinds_of_fault_and_some_have_few():
    counts = [len(kinds(Climate.draw(seed))) for seed in SEEDS]
    assert min(counts) <= 1
    assert max(counts) == len({name for name in asdict(Climate()) if name.endswith("_every_ms")}) - 1


def test_without_being_told_nothing_fails():
    assert kinds(Climate()) == set()
    assert Climate().link.delays(random.Random(1)) == (1,)


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_clocks_go_wrong_by_less_than_leases_allow_for(seed):
    """Two clocks, one fast and one slow, and a lease that is counted one part in fifty longer."""
    drift = Climate.draw(seed).drift
    assert (1 + drift) / (1 - drift) < 1 + 1 / 50


def test_every_health_check_that_is_drawn_can_be_made(app):
    drawn = {Climate.draw(seed).health for seed in SEEDS}
    assert len({app.make_health_check(step).fail_at for step in drawn}) == len(drawn) > 1


# Links.


qualities = st.builds(
    LinkQuality,
    delay_ms=st.integers(0, 300),
    jitter_ms=st.sampled_from([0.0, 5.0, 100.0]),
    loss=st.floats(0, 1),
    twice=st.floats(0, 1),
    late=st.floats(0, 1),
    late_ms=st.integers(1, 30_000),
)


@given(quality=qualities, seed=st.integers())
def test_a_message_comes_at_most_twice_and_never_too_early(quality, seed):
    rng = random.Random(seed)
    for delays in [quality.delays(rng) for _ in range(20)]:
        assert len(delays) <= 2
        assert all(type(delay) is int and delay >= quality.delay_ms for delay in delays)
        if not quality.jitter_ms:
            assert all(delay <= quality.delay_ms + quality.late_ms for delay in delays)


@given(quality=qualities, seed=st.integers())
def test_the_same_numbers_give_the_same_delays(quality, seed):
    first, second = random.Random(seed), random.Random(seed)
    assert [quality.delays(first) for _ in range(20)] == [quality.delays(second) for _ in range(20)]


def many(quality, count=2_000):
    rng = random.Random(5)
    return [quality.delays(rng) for _ in range(count)]


def test_extremes():
    assert set(many(LinkQuality(loss=1.0))) == {()}
    assert set(many(LinkQuality(delay_ms=7))) == {(7,)}
    assert set(many(LinkQuality(delay_ms=7, twice=1.0))) == {(7, 7)}
    assert {1 <= delay <= 9 for (delay,) in many(LinkQuality(delay_ms=0, late=1.0, late_ms=9))} == {True}


def test_as_many_are_lost_doubled_and_late_as_was_said():
    delays = many(LinkQuality(delay_ms=1, loss=0.3, twice=0.2, late=0.25, late_ms=1_000))
    arrived = [each for each in delays if each]
    assert len(arrived) / len(delays) == pytest.approx(0.7, abs=0.05)
    assert sum(len(each) == 2 for each in arrived) / len(arrived) == pytest.approx(0.2, abs=0.05)
    times = [delay for each in arrived for delay in each]
    assert sum(delay > 1 for delay in times) / len(times) == pytest.approx(0.25, abs=0.05)


def test_delays_are_spread_as_was_said():
    times = [delay for (delay,) in many(LinkQuality(delay_ms=20, jitter_ms=100.0))]
    assert sum(times) / len(times) == pytest.approx(120, rel=0.1)
