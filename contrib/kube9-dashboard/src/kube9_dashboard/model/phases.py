"""How each phase looks: a sign that is told from others without colour, and a tone that is the same everywhere."""

from __future__ import annotations

from attrs import frozen

__all__ = ["CORDONED", "DELETING", "DRAINING", "NODE_PHASES", "POD_PHASES", "Look", "look_of_node", "look_of_pod"]


@frozen
class Look:
    """Of a phase."""

    word: str
    sign: str
    #: ``good``, ``busy``, ``warn``, ``bad``, ``done`` or ``idle``.
    tone: str


NODE_PHASES = {
    "Ready": Look("Ready", "●", "good"),
    "Provisioning": Look("Provisioning", "◌", "busy"),
    "Recovering": Look("Recovering", "↻", "busy"),
    "Suspect": Look("Suspect", "?", "warn"),
    "Failed": Look("Failed", "✕", "bad"),
    "Lost": Look("Lost", "⊘", "bad"),
}
POD_PHASES = {
    "Running": Look("Running", "●", "good"),
    "Starting": Look("Starting", "◔", "busy"),
    "Pending": Look("Pending", "◌", "warn"),
    "Succeeded": Look("Succeeded", "✓", "done"),
    "Failed": Look("Failed", "✕", "bad"),
}
CORDONED = Look("Cordoned", "‖", "idle")
DRAINING = Look("Draining", "⇥", "busy")
DELETING = Look("Deleting", "–", "idle")


def look_of_node(phase: str) -> Look:
    return NODE_PHASES.get(phase) or Look(phase, "·", "idle")


def look_of_pod(phase: str) -> Look:
    return POD_PHASES.get(phase) or Look(phase, "·", "idle")
