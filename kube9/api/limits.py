"""How much one request, and all of them together, may ask of the server."""

from __future__ import annotations

from attrs import field, frozen

from kube9.core.validation import positive

__all__ = ["Limits"]


@frozen(kw_only=True)
class Limits:
    """How much one request, and all of them together, may ask of the server."""

    #: Of a request's body.
    body_bytes: int = field(default=16 * 1024 * 1024, validator=positive)
    #: Documents in one body.
    items: int = field(default=20_000, validator=positive)
    #: Lists and objects within each other in a body.
    depth: int = field(default=64, validator=positive)
    #: Streams of events, followed logs and outputs of commands at a time. Each holds a thread of the server.
    streams: int = field(default=32, validator=positive)
    #: How often a stream without events is written to, so that a client that went away is noticed.
    ping_ms: int = field(default=5_000, validator=positive)
    #: Commands that run in containers at a time.
    commands: int = field(default=32, validator=positive)
    #: For how long nobody may read what a command writes before it is left.
    command_idle_ms: int = field(default=30_000, validator=positive)
