"""Pods that fit no node even when it is empty."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, field

from kube9.core.pods import PodSpec
from kube9.simulator.emptynodes import EmptyNodes

__all__ = ["Misfits"]

#: How many are named in a note.
_NAMED_MAX = 3


@define(eq=False)
class Misfits:
    """Counts them, and keeps the first few of the file so that they can be named."""

    nodes: EmptyNodes
    count: int = field(default=0, init=False)
    _first: dict[int, PodSpec] = field(factory=dict, init=False)

    def judge(self, position: int, pod: PodSpec) -> bool:
        """Whether ``pod``, at ``position`` in the file, is a misfit; each pod is to be judged once at most."""
        if self.nodes.fit(pod):
            return False
        self.count += 1
        self._first[position] = pod
        if len(self._first) > _NAMED_MAX:
            del self._first[max(self._first)]
        return True

    def notes(self) -> Iterator[str]:
        """One sentence if there are any."""
        if self.count:
            named = [f"pod {pod.name!r} ({self.nodes.tally(pod)})" for _, pod in sorted(self._first.items())]
            more = [f"{self.count - len(named)} more"] if self.count > len(named) else []
            pods = "1 pod fits" if self.count == 1 else f"{self.count} pods fit"
            yield f"{pods} no node even when it is empty: {', '.join(named + more)}."
