"""The built-in health checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from kube9.core.errors import InvalidInput
from kube9.core.hookspecs import hookimpl
from kube9.core.validation import positive
from kube9.plugins.optiontext import milliseconds
from kube9.plugins.phiaccrual import PhiAccrual

if TYPE_CHECKING:
    from kube9.core.hookspecs import RegisterHealthCheck
    from kube9.core.ports import HeartbeatHistory


@define(kw_only=True)
class Heartbeat:
    """Suspicion is the silence in milliseconds, and the thresholds are fixed.

    They are meant for nodes that beat once in ``interval_ms``. One that was asked to beat more seldom may miss as many
    beats as any other: its silence counts for so much less.
    """

    #: How often nodes are to beat.
    interval_ms: int = field(default=1_000, converter=milliseconds, validator=positive)
    #: The silence after which a node is suspected, and that after which it has failed.
    suspect_ms: int = field(default=3_000, converter=milliseconds, validator=positive)
    fail_ms: int = field(default=10_000, converter=milliseconds, validator=positive)
    #: The two thresholds, as the port has them.
    suspect_at: float = field(init=False)
    fail_at: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        if not self.interval_ms < self.suspect_ms < self.fail_ms:
            raise InvalidInput(
                "interval_ms, suspect_ms and fail_ms must grow in this order, so that no node is suspected between two "
                f"beats or given up before it is suspected; got {self.interval_ms}, {self.suspect_ms}, {self.fail_ms}"
            )
        self.suspect_at, self.fail_at = float(self.suspect_ms), float(self.fail_ms)

    def suspicion(self, history: HeartbeatHistory, now_ms: int) -> float:
        """How long the node has been silent; 0 for one that was never heard."""
        if not history.arrivals_ms:
            return 0.0
        silent_ms = max(0, now_ms - history.arrivals_ms[-1])
        return silent_ms * min(1.0, self.interval_ms / history.interval_ms)


@hookimpl
def kube9_register_health_checks(register: RegisterHealthCheck) -> None:
    register("heartbeat", Heartbeat)
    register("phi-accrual", PhiAccrual)
