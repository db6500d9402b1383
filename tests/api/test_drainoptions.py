from __future__ import annotations

import pytest

from kube9.api.drainoptions import DEADLINE_S_MAX, DRAIN_FIELDS, PARALLEL_MAX, read_drain
from kube9.core.errors import ManifestError

HOUR_MS = 3_600_000
USUAL = {"grace_ms": None, "deadline_ms": HOUR_MS, "parallel": 1, "interval_ms": 0, "move_batch": False}


@pytest.mark.parametrize(
    "said,read",
    [
        ({}, {}),
        (dict.fromkeys(("gracePeriodSeconds", "deadlineSeconds", "intervalSeconds")), {}),
        ({"deadlineSeconds": 0}, {"deadline_ms": 0}),
        ({"deadlineSeconds": DEADLINE_S_MAX}, {"deadline_ms": 1000 * DEADLINE_S_MAX}),
        ({"noDeadline": True}, {"deadline_ms": None}),
        ({"noDeadline": False}, {}),
        (
            {"gracePeriodSeconds": 1.5, "parallel": PARALLEL_MAX, "intervalSeconds": 0.25, "moveBatch": True},
            {"grace_ms": 1500, "parallel": PARALLEL_MAX, "interval_ms": 250, "move_batch": True},
        ),
    ],
    ids=str,
)
def test_what_is_said_is_read(said, read):
    assert read_drain(said) == {**USUAL, **read}


def test_all_that_is_wrong_is_told_at_once():
    wrong = {
        "gracePeriodSeconds": -1,
        "deadlineSeconds": "1h",
        "noDeadline": "yes",
        "parallel": 0,
        "intervalSeconds": True,
        "moveBatch": None,
    }
    assert sorted(wrong) == sorted(DRAIN_FIELDS)
    with pytest.raises(ManifestError) as caught:
        read_drain(wrong)
    assert sorted(problem.path for problem in caught.value.problems) == sorted(wrong)


def test_a_deadline_and_none_is_too_much():
    with pytest.raises(ManifestError, match="deadlineSeconds is given too"):
        read_drain({"deadlineSeconds": 5, "noDeadline": True})
