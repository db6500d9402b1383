"""What ``kube9 plugins check fgd`` holds the policy to, which cannot be made without the pods that usually come.

Never imported by the policy itself: it needs the extra ``test``.
"""

from __future__ import annotations

import pytest

from kube9.core.ports import Scheduler
from kube9.testing import SchedulerContract
from kube9_fgd.fragmentation import Fragmentation, TypicalPod
from kube9_fgd.gradient import FragmentationGradient

__all__ = ["FgdContract"]


class FgdContract(SchedulerContract):
    """With pods that do without GPUs, share one, have one or several, or want a certain model."""

    #: It weighs every device of every node against all of them.
    latency_budget = 100.0

    @pytest.fixture
    def scheduler(self) -> Scheduler:
        typical = {
            TypicalPod(2000, 0, 0): 20,
            TypicalPod(4000, 1, 500): 30,
            TypicalPod(8000, 1, 1000): 25,
            TypicalPod(16_000, 1, 300, ("T4",)): 10,
            TypicalPod(64_000, 8, 1000, ("G2", "T4")): 5,
        }
        return FragmentationGradient(Fragmentation(typical))
