from __future__ import annotations

import pytest

from kube9.cli.nodetable import HoldWarning


class Told:
    """A server that says why moves are held, and counts who asks."""

    def __init__(self, held):
        self.held = held
        self.asked = 0

    def node_health(self):
        self.asked += 1
        return {"movesHeld": self.held, "items": []}


def nodes(*phases):
    return [{"status": {"phase": phase}} for phase in phases]


@pytest.mark.parametrize(
    "held, phases, said, asked",
    [
        ("3 of 5 nodes are not heard", ["Ready", "Suspect"], "no pods move for now: 3 of 5 nodes are not heard\n", 1),
        ("4 of 5 nodes are not heard", ["Lost", "Ready"], "no pods move for now: 4 of 5 nodes are not heard\n", 1),
        (None, ["Ready", "Suspect"], "", 1),
        # Where all are ready nothing is held, and nobody need be asked.
        ("that was before", ["Ready", "Ready"], "", 0),
    ],
    ids=["held", "given up", "one is silent", "all is well"],
)
def test_a_hold_is_told_to_people(capsys, held, phases, said, asked):
    client = Told(held)
    HoldWarning(client).look(nodes(*phases))
    assert capsys.readouterr() == ("", said)
    assert client.asked == asked


def test_a_hold_is_told_once_as_long_as_it_lasts(capsys):
    client = Told("3 of 5 nodes are not heard")
    warning = HoldWarning(client)
    for held in ("3 of 5 nodes are not heard", "4 of 5 nodes are not heard", None, "5 of 5 nodes are not heard"):
        client.held = held
        warning.look(nodes("Suspect"))
    assert capsys.readouterr().err.splitlines() == [
        "no pods move for now: 3 of 5 nodes are not heard",
        "no pods move for now: 5 of 5 nodes are not heard",
    ]
