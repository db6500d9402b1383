"""What the environment says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

import requests

from kube9_notify.messages import EVENTS

__all__ = ["DEFAULT_EVENTS", "Settings"]

_PREFIX = "KUBE9_NOTIFY_"
_SECRET_LENGTH_MIN = 16

#: What somebody wants to be woken up for.
DEFAULT_EVENTS = frozenset(("moves-held", "moves-resumed", "node-failed", "node-lost", "pod-evicted"))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where to post what, and how patiently."""

    #: Empty for nowhere: nothing is told then.
    url: str = ""
    secret: bytes = field(default=b"", repr=False)
    events: frozenset[str] = DEFAULT_EVENTS
    #: Messages that may wait; while there are as many, new ones are dropped and counted.
    waiting_max: int = 1000
    #: How often a message is tried before it is given up.
    attempts: int = 8
    #: Pause after the first try that failed; it doubles with each further one up to the longest.
    backoff_ms: int = 1000
    backoff_ms_max: int = 60_000
    #: How long the receiver may take to answer.
    timeout_ms: int = 5000
    #: How long the end of the server may wait for messages that are left.
    grace_ms: int = 3000

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Read the variables ``KUBE9_NOTIFY_*``.

        :raises ValueError: one of them cannot be read or has no meaning; names it, and says what was expected.
        """
        given = {name.removeprefix(_PREFIX): value for name, value in env.items() if name.startswith(_PREFIX)}
        numbers = {each.name.upper(): each.name for each in fields(cls) if isinstance(each.default, int)}
        known = {"URL", "SECRET", "SECRET_FILE", "EVENTS", *numbers}
        if unknown := sorted(given.keys() - known):
            raise ValueError(
                f"there is no {_PREFIX}{unknown[0]}; there are {', '.join(sorted(_PREFIX + n for n in known))}"
            )
        if "URL" not in given:
            return cls()
        return cls(
            url=_url(given["URL"]),
            secret=_secret(given),
            events=_events(given["EVENTS"]) if "EVENTS" in given else DEFAULT_EVENTS,
            **{field_: _number(name, given[name]) for name, field_ in numbers.items() if name in given},
        )

    @property
    def receiver(self) -> str:
        """Where messages go, for people: without what may be secret in it."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        str(parts.hostname).encode("idna")
        requests.Request("POST", text).prepare()
    except (ValueError, requests.RequestException):  # a name or a password that no request can carry is a ValueError
        sound = False
    if not sound:
        raise ValueError(f"{_PREFIX}URL: expected http://... or https://..., got something else")
    return text


def _secret(given: Mapping[str, str]) -> bytes:
    if ("SECRET" in given) == ("SECRET_FILE" in given):
        raise ValueError(f"expected one of {_PREFIX}SECRET and {_PREFIX}SECRET_FILE: every message is signed")
    if "SECRET" in given:
        secret = given["SECRET"].encode()
    else:
        try:
            secret = Path(given["SECRET_FILE"]).read_bytes().strip()
        except OSError as exc:
            raise ValueError(f"{_PREFIX}SECRET_FILE: {exc}") from exc
    if len(secret) < _SECRET_LENGTH_MIN:
        raise ValueError(f"the secret must have at least {_SECRET_LENGTH_MIN} bytes; `openssl rand -hex 32` makes one")
    return secret


def _events(text: str) -> frozenset[str]:
    names = {name.strip() for name in text.split(",")}
    if names == {"all"}:
        return frozenset(EVENTS)
    if unknown := sorted(names - set(EVENTS)):
        raise ValueError(
            f"{_PREFIX}EVENTS: there is no event {unknown[0]!r}; there are: all, {', '.join(sorted(EVENTS))}"
        )
    return frozenset(names)


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**9):
        raise ValueError(f"{_PREFIX}{name}: expected a whole number above 0, got {text!r}")
    return int(text)
