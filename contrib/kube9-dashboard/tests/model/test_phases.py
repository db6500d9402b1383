"""Phases are told apart without colour."""

from __future__ import annotations

import pytest

from kube9_dashboard.model.phases import (
    CORDONED,
    DELETING,
    DRAINING,
    NODE_PHASES,
    POD_PHASES,
    look_of_node,
    look_of_pod,
)


@pytest.mark.parametrize("looks", [NODE_PHASES, POD_PHASES])
def test_each_has_a_sign_of_its_own(looks):
    signs = [look.sign for look in (*looks.values(), CORDONED, DRAINING, DELETING)]
    assert len(set(signs)) == len(signs)


def test_one_that_is_not_known_keeps_its_word():
    assert look_of_node("Dreaming").word == look_of_pod("Dreaming").word == "Dreaming"
