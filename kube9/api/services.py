"""What the views of one app work with."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import define, field

from kube9.api.limits import Limits
from kube9.api.poddocuments import PodDocuments
from kube9.api.requestcounts import RequestCounts
from kube9.api.sessions import Sessions
from kube9.api.streams import Streams
from kube9.api.tokens import Tokens
from kube9.manifest import Parser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kube9.api.endpoint import Resource
    from kube9.controlplane import ControlPlane
    from kube9.plugins.manager import Plugins

__all__ = ["Services"]


@define(eq=False, kw_only=True, slots=False)
class Services:
    """What the views of one app work with."""

    plane: ControlPlane
    plugins: Plugins
    tokens: Tokens
    limits: Limits
    #: Everything the app answers.
    resources: Sequence[Resource]
    streams: Streams = field(init=False)
    sessions: Sessions = field(init=False)
    pod_documents: PodDocuments = field(init=False)
    #: Knows the shapes of pods that came before.
    parser: Parser = field(factory=Parser, init=False)
    requests: RequestCounts = field(factory=RequestCounts, init=False)

    def __attrs_post_init__(self) -> None:
        self.streams = Streams(self.limits.streams)
        self.sessions = Sessions(self.limits.commands, self.limits.command_idle_ms, self.plane.clock)
        self.pod_documents = PodDocuments(self.plane.view, self.plane.usage)

    @cached_property
    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made when somebody first asks for it."""
        from kube9.api.openapi import openapi_document

        return openapi_document(self.resources, self.limits)
