"""Endpoints: what answers under a path, and all that is to be said of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen
from flask import Blueprint, Request, Response
from flask.globals import request_ctx

from kube9.api import body
from kube9.api.identity import check_key
from kube9.api.parameters import Parameter, check_name, read_query

if TYPE_CHECKING:
    from kube9.api.services import Services
    from kube9.controlplane import ControlPlane

__all__ = ["BYTES", "Access", "Answer", "Call", "Endpoint", "Resource", "View"]


#: Instead of the name of a schema: a body of any bytes.
BYTES = "bytes"


class Access:
    """Who may ask."""

    #: Whoever has the token that may do everything.
    ADMIN = "admin"
    #: The same, and the node that the path names, with its own token.
    NODE = "node"
    #: The same as the first; a browser may send the token as the password of HTTP Basic.
    BROWSER = "browser"
    #: Anybody.
    OPEN = "open"


@frozen
class Answer:
    """One way an endpoint answers when all is well."""

    about: str
    #: The name of its schema; empty for a body that is no JSON, or none.
    schema: str = ""
    media_type: str = "application/json"


class Call:
    """One request, as a view sees it."""

    __slots__ = ("key", "query", "request", "services")

    def __init__(self, services: Services, request: Request, query: Mapping[str, Any], key: str | None = None) -> None:
        self.services, self.request, self.query = services, request, query
        #: The idempotency key; ``None`` where none was sent.
        self.key = key

    @property
    def plane(self) -> ControlPlane:
        return self.services.plane

    @property
    def has_body(self) -> bool:
        return body.has_any(self.request)

    def json(self) -> dict[str, Any]:
        """The body, which must be an object."""
        return body.read_object(self.request, self.services.limits)

    def bytes(self) -> bytes:
        """The body, whatever it is."""
        return body.read_bytes(self.request, self.services.limits)

    def fields(self, *known: str) -> dict[str, Any]:
        """The fields of a body that may be missing."""
        return body.read_fields(self.request, self.services.limits, *known)


#: Parse, call one function, render. What is in the path comes as arguments.
View = Callable[..., Response]


@frozen(kw_only=True)
class Endpoint:
    """What answers one method under one path. Its first line and its story are its view's docstring."""

    method: str
    #: As Flask has it: ``/v1/pods/<name>``.
    path: str
    view: View
    query: tuple[Parameter, ...] = ()
    #: The name of the body's schema, or ``BYTES``; empty where there is none.
    body: str = ""
    body_required: bool = True
    answers: Mapping[int, Answer]
    #: Statuses of problems, beside those that every endpoint may answer.
    problems: tuple[int, ...] = ()
    access: str = Access.ADMIN
    #: Whether it takes an idempotency key.
    keyed: bool = False
    #: Whether it goes on behind the id in ``Last-Event-ID``.
    resumed: bool = False
    tag: str

    @property
    def name(self) -> str:
        """Unlike that of any other: ``list_pods``."""
        return self.view.__name__

    @property
    def path_parameters(self) -> tuple[str, ...]:
        return tuple(re.findall(r"<(?:\w+:)?(\w+)>", self.path))

    @property
    def template(self) -> str:
        """The path as OpenAPI has it: ``/v1/pods/{name}``."""
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", self.path)


@define
class Resource:
    """The endpoints of one resource, collected by its module and served by a blueprint of each app."""

    name: str
    #: For people.
    about: str
    endpoints: list[Endpoint] = field(factory=list, init=False)

    def endpoint(self, method: str, path: str, **described: Any) -> Callable[[View], View]:
        """Make the function below answer ``method`` under ``path``; ``described`` are the fields of ``Endpoint``."""

        def add(view: View) -> View:
            self.endpoints.append(Endpoint(method=method, path=path, view=view, tag=self.name, **described))
            return view

        return add

    def blueprint(self, services: Services) -> Blueprint:
        """All of them, for one app."""
        blueprint = Blueprint(self.name, __name__)
        for endpoint in self.endpoints:
            blueprint.add_url_rule(endpoint.path, endpoint.name, _served(endpoint, services), methods=[endpoint.method])
        return blueprint


def _served(endpoint: Endpoint, services: Services) -> Callable[..., Response]:
    """What Flask calls."""
    view, parameters, keyed = endpoint.view, endpoint.query, endpoint.keyed

    def serve(**path: str) -> Response:
        for what, value in path.items():
            check_name(what, value)
        asked = request_ctx.request  # `flask.request` is looked up anew at each use
        query = read_query(parameters, asked.args)
        key = check_key(asked.headers.get("Idempotency-Key")) if keyed else None
        return view(Call(services, asked, query, key), **path)

    return serve
