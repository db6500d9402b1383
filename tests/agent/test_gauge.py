from __future__ import annotations

import pytest

from kube9.agent.gauge import memory_bytes


@pytest.mark.parametrize(
    "stats, size",
    [
        ({"usage": 100, "stats": {"total_inactive_file": 30, "inactive_file": 5}}, 70),
        ({"usage": 100, "stats": {"inactive_file": 5}}, 95),
        ({"usage": 100}, 100),
        ({"usage": 3, "stats": {"inactive_file": 5}}, 0),
        ({}, 0),
    ],
)
def test_what_the_kernel_would_give_back_is_left_out(stats, size):
    assert memory_bytes(stats) == size
