"""How much to measure."""

from __future__ import annotations

from attrs import frozen

__all__ = ["QUICK", "THOROUGH", "Effort"]


@frozen(kw_only=True)
class Effort:
    #: How often all machines join at once.
    rounds: int
    #: That join at once.
    machines: int
    #: Those of them that join one after the other before.
    alone: int
    #: Started one after the other, each beside a command of bare ssh.
    pods: int
    #: How long nothing happens while the agents are watched.
    rest_s: float

    @property
    def together(self) -> str:
        """What the case is called in which all join at once."""
        return f"{self.machines} machines join at once"


THOROUGH = Effort(rounds=3, machines=20, alone=5, pods=50, rest_s=30.0)
#: To see that it works; its numbers mean nothing.
QUICK = Effort(rounds=1, machines=2, alone=1, pods=2, rest_s=1.0)
