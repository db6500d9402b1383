from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings


@pytest.fixture(scope="session")
def never_met():
    """A function that names those of the wanted kinds that are not among the examples of a strategy."""

    def missing(wanted, strategy):
        met = set()

        @settings(
            max_examples=500,
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=[HealthCheck.too_slow],
        )
        @given(strategy)
        def look(example):
            met.update(name for name, is_met in wanted.items() if name not in met and is_met(example))

        look()
        return wanted.keys() - met

    return missing
