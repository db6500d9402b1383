from __future__ import annotations

import numpy as np
import pytest

from kube9.core import stimuli as s
from kube9.core.policy import scheduler


class TestFinishedPods:
    @pytest.mark.parametrize("kept", [0, 1, 3])
    def test_stay_known_up_to_a_number(self, drive, kept):
        driven = drive(settings={"finished_kept": kept})
        driven.node("n")
        for number in range(5):
            driven.pod(f"p{number}")
        for number in (3, 0, 4, 1, 2):
            if f"p{number}" not in driven.where():
                continue
            driven.exited(f"p{number}")
        finished = [uid for uid, pod in driven.pods.items() if pod.phase.finished]
        assert len(finished) == kept

    def test_are_forgotten_oldest_first(self, drive):
        driven = drive(settings={"finished_kept": 2})
        driven.node("n")
        for name in "abcd":
            driven.pod(name, 100)
        for name in "cbad":
            driven.exited(name)
        assert list(driven.pods) == ["a", "d"]
        driven.pod("b")
        assert "b" in driven.where()


class TestManyAtOnce:
    """What is done for each pod must not depend on how many there are: counted in looks, not in seconds."""

    @pytest.mark.parametrize("count", [40, 400])
    def test_a_waiting_shape_is_tried_once_however_many_wait(self, drive, count):
        driven, asked = counting(drive)
        driven.node("n", {"cpu": 1})
        driven.deploy("web", count, cpu=5000)
        assert driven.cluster.waiting == count
        asked.clear()
        driven.node("m", {"cpu": 1})
        assert len(asked) == 0
        driven.node("large", {"cpu": 5000})
        assert driven.cluster.waiting == count - 1
        assert len(asked) <= 3

    @pytest.mark.parametrize("count", [40, 400])
    def test_a_node_that_fails_has_each_of_its_pods_tried_once(self, drive, count):
        driven, asked = counting(drive)
        driven.node("n", {"cpu": count})
        driven.deploy("web", count, cpu=1)
        driven.node("m", {"cpu": count})
        asked.clear()
        driven.tell(s.FailNode, "n")
        assert set(driven.where().values()) == {"m"}
        assert len(asked) == count


def counting(drive):
    asked = []

    @scheduler("counting")
    def counting(pod, nodes):
        asked.append(pod.name)
        return np.zeros(len(nodes))

    return drive(counting, checked=False), asked
