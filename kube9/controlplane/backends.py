"""The backends by name, each made at the start, or when the first node asks for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable

from attrs import evolve

from kube9.core.errors import InvalidInput, Kube9Error, MissingExtra, UnknownName
from kube9.core.nodes import NodeSpec
from kube9.core.ports import NodeBackend
from kube9.core.stimuli import Stimulus

__all__ = ["Backends", "Deliver", "MakeBackend"]

_log = logging.getLogger(__name__)

Deliver = Callable[[Stimulus], None]
#: Makes the backend of that name, which reports to the given function.
MakeBackend = Callable[[str, Deliver], NodeBackend]


class Backends:
    """One backend for each name.

    :param names: those that can be made; the first is for nodes that name none.
    :param at_start: those of them that whoever starts the server asked for.
    """

    def __init__(
        self, make: MakeBackend, names: Iterable[str], deliver: Deliver, *, at_start: Collection[str] = ()
    ) -> None:
        self._make, self._deliver, self._at_start = make, deliver, at_start
        self.names = tuple(names)
        self._made: dict[str, NodeBackend] = {}
        self._lock = threading.Lock()

    def begin(self, used: Iterable[str]) -> None:
        """Make those that were asked for, and those of the nodes there are: it must be known how often these beat.

        One that cannot be made is logged, and tried again by the next call, unless that is for whoever asked to mend.

        :raises InvalidInput: one that was asked for has no such option, or not that value of it.
        :raises MissingExtra: or it needs what is not installed.
        """
        for name in dict.fromkeys((*self._at_start, *used)):
            try:
                self.get(name)
            except Kube9Error as exc:
                if name in self._at_start and isinstance(exc, InvalidInput | MissingExtra):
                    self.close()
                    raise
                _log.error("the nodes of backend %s cannot be reached: %s", name, exc)

    def get(self, name: str) -> NodeBackend:
        """The backend of that name.

        :raises UnknownName: there is none; lists those there are.
        :raises Kube9Error: it cannot be made; the next call tries again.
        """
        backend = self._made.get(name)
        if backend is not None:
            return backend
        if name not in self.names:
            raise UnknownName.of("backend", name, self.names)
        with self._lock:
            if name not in self._made:
                self._made[name] = self._make(name, self._deliver)
            return self._made[name]

    def name_one(self, spec: NodeSpec) -> NodeSpec:
        """The same node with a backend that is there.

        :raises UnknownName, Kube9Error: as :meth:`get`.
        """
        name = spec.backend or self.names[0]
        self.get(name)
        return spec if spec.backend else evolve(spec, backend=name)

    def is_by_agent(self, name: str) -> bool:
        """Whether nodes of that backend run the agent, which is told what to do by the answers to its beats."""
        return bool(getattr(self._made.get(name), "by_agent", False))

    def heartbeat_ms(self, name: str) -> int:
        """How often nodes of that backend are heard through it; 0 for never."""
        return int(getattr(self._made.get(name), "heartbeat_ms", 0))

    def close(self) -> None:
        """Close those that can be closed."""
        for name, backend in self._made.items():
            close = getattr(backend, "close", None)
            if close is None:
                continue
            try:
                close()
            except Exception:
                # A backend may be anybody's plugin; the others are closed all the same.
                _log.exception("backend %s could not be closed", name)
