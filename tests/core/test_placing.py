from __future__ import annotations

import pytest


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
