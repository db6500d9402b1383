"""What the command tells the process that serves the pages, by way of its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

from attrs import field, frozen

import kube9

__all__ = ["Settings"]

#: Of an answer. A page that waits longer says that the server is away, and tries again.
_TIMEOUT_S = 8.0

_VARIABLES = {
    "server": "KUBE9_SERVER",
    "token": "KUBE9_TOKEN",
    "ca_cert": "KUBE9_CA_CERT",
    "state_dir": "KUBE9_STATE_DIR",
}
_REFRESH, _REPORTS = "KUBE9_DASHBOARD_REFRESH", "KUBE9_DASHBOARD_REPORTS"


@frozen(kw_only=True)
class Settings:
    """Which server to show, and how often to look again. ``None`` leaves it to be found as every client does."""

    server: str | None = None
    token: str | None = field(default=None, repr=False)
    ca_cert: str | None = None
    state_dir: str | None = None
    refresh_s: float = 2.0
    #: A directory with results of simulations.
    reports: str | None = None

    @classmethod
    def of(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """What :meth:`environment` of another process wrote."""
        told = {name: env.get(variable) for name, variable in _VARIABLES.items()}
        return cls(**told, refresh_s=float(env.get(_REFRESH, "2")), reports=env.get(_REPORTS))

    def environment(self) -> dict[str, str]:
        """As variables; what is not given is left as it is."""
        told = {variable: getattr(self, name) for name, variable in _VARIABLES.items()}
        told |= {_REFRESH: str(self.refresh_s), _REPORTS: self.reports}
        return {variable: value for variable, value in told.items() if value is not None}

    def connect(self) -> kube9.Client:
        """A client that does not wait: whoever looks at a page is told at once, and it is tried again soon.

        :raises kube9.Kube9Error: no server is known, or what was told of it cannot be used.
        """
        return kube9.Client(
            self.server, self.token, self.ca_cert, state_dir=self.state_dir, timeout_s=_TIMEOUT_S, retry_for_s=0
        )
