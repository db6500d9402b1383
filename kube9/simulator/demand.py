"""How much of what was asked for got a place, while more and more is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from kube9.simulator.level import Level

__all__ = ["PERCENT_MAX", "Demand"]

#: Beyond twice what there is little changes, and a trace may ask a small cluster for thousands of times as much.
PERCENT_MAX = 200


class Demand:
    """Told of each pod after it was placed or turned away, it keeps allocation by how much had been asked for by then.

    :param held: per resource, what pods hold.
    :param there: what the nodes have, which does not change any more.
    """

    def __init__(self, held: Mapping[str, Level], there: Mapping[str, Level]) -> None:
        self._held = held
        #: What there is of each resource that there is any of.
        self._there = {resource: level.value for resource, level in there.items() if level.value}
        self._asked = dict.fromkeys(self._there, 0)
        #: Per resource and whole percent, the sum of what was held after each pod, and how many pods that were.
        self._sums: dict[str, dict[int, list[int]]] = {resource: {} for resource in self._there}

    def note(self, requests: Mapping[str, int]) -> None:
        """One more pod has come, which asked for ``requests``."""
        for resource, there in self._there.items():
            asked = self._asked[resource] = self._asked[resource] + requests.get(resource, 0)
            percent = (200 * asked + there) // (2 * there)  # rounded, without leaving whole numbers
            if percent <= PERCENT_MAX:
                total = self._sums[resource].setdefault(percent, [0, 0])
                total[0] += self._held[resource].value
                total[1] += 1

    def allocation(self) -> dict[str, dict[int, float]]:
        """Per resource, by whole percent asked for of what there is: the share held, as a mean over the pods then."""
        return {
            resource: {percent: held / pods / self._there[resource] for percent, (held, pods) in sums.items()}
            for resource, sums in self._sums.items()
        }
