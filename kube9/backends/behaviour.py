"""How pods and nodes of the in-memory backend behave: the knobs for every delay and every fault."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import Attribute, field, fields, frozen

from kube9.core.errors import InvalidInput

__all__ = ["NodeBehaviour", "PodBehaviour", "read_behaviours", "read_fields", "read_whole"]

_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)


def _whole(_: object, attribute: Attribute[Any], value: object) -> None:
    if type(value) is not int or value < 0:
        raise InvalidInput(f"{attribute.name} must be a whole number from 0, got {value!r}")


def _whole_or_none(instance: object, attribute: Attribute[Any], value: object) -> None:
    if value is not None:
        _whole(instance, attribute, value)


@frozen(kw_only=True)
class PodBehaviour:
    """What becomes of one start of a pod; where it has containers, how each of them runs, each time anew."""

    #: From the call until the pod runs, or fails to start.
    start_delay_ms: int = field(default=0, validator=_whole)
    #: Why it does not start; empty if it does.
    start_error: str = ""
    #: How long it runs before it exits with ``exit_code``; ``None`` for until it is stopped.
    run_for_ms: int | None = field(default=None, validator=_whole_or_none)
    exit_code: int = field(default=0, validator=_whole)
    #: Where this comes first, the pod exits with ``exit_code``, or with 1 if that is 0; ``None`` for never.
    crash_after_ms: int | None = field(default=None, validator=_whole_or_none)
    #: How long it runs before its startup and readiness probes are answered well.
    ready_after_ms: int = field(default=0, validator=_whole)
    #: How long it runs before no probe is answered well any more; ``None`` for ever.
    hang_after_ms: int | None = field(default=None, validator=_whole_or_none)
    #: How long it takes to stop when it is asked to; more than the grace it is given is cut short.
    stop_delay_ms: int = field(default=0, validator=_whole)

    def end(self) -> tuple[int, int, str] | None:
        """How long it runs, its exit code, and why it exited if it crashed; ``None`` if it does not end by itself."""
        if self.crash_after_ms is not None and (self.run_for_ms is None or self.crash_after_ms < self.run_for_ms):
            return self.crash_after_ms, self.exit_code or 1, f"crashed after {self.crash_after_ms} ms"
        return None if self.run_for_ms is None else (self.run_for_ms, self.exit_code, "")


@frozen(kw_only=True)
class NodeBehaviour:
    """What becomes of a node. It is asked for once, when the node is created."""

    create_delay_ms: int = field(default=0, validator=_whole)
    #: Why it cannot be made; empty if it can.
    create_error: str = ""
    restart_delay_ms: int = field(default=0, validator=_whole)
    #: Why it cannot be restarted; empty if it can.
    restart_error: str = ""
    destroy_delay_ms: int = field(default=0, validator=_whole)
    #: Added to every other delay of the node and of the starts and stops of its pods.
    answer_delay_ms: int = field(default=0, validator=_whole)
    #: How long after it first joined it crashes, once; ``None`` for never.
    lose_after_ms: int | None = field(default=None, validator=_whole_or_none)
    #: How long it is then down unless it is restarted; ``None`` for ever, and no restart helps.
    lose_for_ms: int | None = field(default=None, validator=_whole_or_none)


def read_behaviours(options: Mapping[str, str]) -> tuple[PodBehaviour, NodeBehaviour]:
    """Read the fields of both from text, as they are written in ``memory:start_delay_ms=200,exit_code=3``.

    :raises InvalidInput: names the option that does not exist, with those that do, or whose value is no whole number.
    """
    pods, nodes = read_fields(options)
    return PodBehaviour(**pods), NodeBehaviour(**nodes)


def read_fields(options: Mapping[str, str]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Only those fields of a pod's and of a node's behaviour that ``options`` give, to go on top of others.

    :raises InvalidInput: as for :func:`read_behaviours`.
    """
    known: dict[str, Attribute[Any]] = {each.name: each for kind in _KINDS for each in fields(kind)}
    given: dict[str, Any] = {}
    for name, text in options.items():
        if name not in known:
            raise InvalidInput(f"there is no option {name!r}; expected one of {', '.join(sorted(known))}")
        given[name] = text if isinstance(known[name].default, str) else read_whole(name, text)
    pods, nodes = ({each.name: given[each.name] for each in fields(kind) if each.name in given} for kind in _KINDS)
    return pods, nodes


def read_whole(name: str, text: str) -> int:
    """The value of the option ``name``.

    :raises InvalidInput: it is no whole number.
    """
    if _WHOLE.fullmatch(text) is None:
        unit = " of milliseconds" if name.endswith("_ms") else ""
        raise InvalidInput(f"option {name!r} must be a whole number{unit} from 0, got {text!r}")
    return int(text)


_KINDS = (PodBehaviour, NodeBehaviour)
