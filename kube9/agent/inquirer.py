"""Carries out the probes of a copy of a pod, in threads that may wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable  # noqa: UP035  (Python 3.8)

from kube9.agent.care import Ask
from kube9.agent.command import run_command
from kube9.agent.engine import Engine, EngineAway, EngineError
from kube9.agent.pool import Pool
from kube9.agent.probes import Result, carry_out
from kube9.agent.site import Site
from kube9.agent.vessel import Vessel

__all__ = ["Inquirer", "address_of"]

_HOST = "127.0.0.1"


def address_of(about: Any, network: str | None) -> str:
    """Of a container that holds a network, by what the engine says of it; empty while it has none."""
    settings = about["NetworkSettings"]
    found = (settings.get("Networks") or {}).get(network or "", {}).get("IPAddress") or settings.get("IPAddress")
    return str(found or "")


class Inquirer:
    def __init__(self, engine: Engine, pool: Pool, site: Site) -> None:
        self._engine, self._pool, self._site = engine, pool, site
        #: Of the container that holds the network, and which start of what asked for it that was.
        self._address: tuple[int, str] | None = None

    def ask(self, ask: Ask, vessel: Vessel, holder: Vessel | None, answered: Callable[[Ask, bool, str], None]) -> None:
        """Ask, and have the answer told.

        :param holder: of the pod's network; ``None`` for that of the node.
        """

        def carried_out() -> None:
            result = self._carried_out(ask, vessel, holder)
            answered(ask, result.ok, result.message)

        self._pool.submit(carried_out)

    def _carried_out(self, ask: Ask, vessel: Vessel, holder: Vessel | None) -> Result:
        away: list[EngineAway] = []

        def run(command: Sequence[str], timeout_s: float) -> int:
            try:
                return run_command(self._engine, str(vessel.id), command, timeout_s).exit_code
            except EngineAway as exc:
                away.append(exc)
                raise
            except EngineError as exc:
                raise OSError(str(exc)) from exc

        try:
            # It has an address only while it runs, and it may have another each time.
            address = "" if "exec" in ask.action else self._where(ask, holder)
        except EngineAway as exc:
            away.append(exc)
            result = Result(False, str(exc))
        except EngineError as exc:
            return Result(False, str(exc))
        else:
            result = carry_out(ask.action, ask.timeout_ms, address, run)
        if away and ask.kind == "liveness":
            return Result(True)  # nothing is known of it, for which it is not to be killed
        return result

    def _where(self, ask: Ask, holder: Vessel | None) -> str:
        if holder is None:
            return _HOST
        known = self._address
        if known is None or known[0] != ask.run or not known[1]:
            known = self._address = ask.run, address_of(holder.inspect(), self._site.network)
        return known[1]
