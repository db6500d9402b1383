"""docker-py's client, as this backend wants it. Needs docker-py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docker import APIClient

__all__ = ["Client"]


class Client(APIClient):  # type: ignore[misc]  # docker-py has no types
    """Trusts whom it was told to trust.

    Without this a variable REQUESTS_CA_BUNDLE of the environment would count for more than the engine's certificates.
    """

    def merge_environment_settings(
        self, url: str, proxies: Mapping[str, str] | None, stream: bool | None, verify: Any, cert: Any
    ) -> dict[str, Any]:
        settings: dict[str, Any] = super().merge_environment_settings(url, proxies, stream, verify, cert)
        if verify is None and self.verify is not True:
            settings["verify"] = self.verify
        return settings
