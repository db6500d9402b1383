"""The Flask app: every resource's endpoints, behind one guard, with one kind of answer to whatever goes wrong."""

from __future__ import annotations

import time
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response
from flask.globals import request_ctx
from flask.sessions import NullSession, SessionInterface
from werkzeug.exceptions import HTTPException

from kube9.api import (
    applying,
    commands,
    deployments,
    docs,
    events,
    metrics,
    nodes,
    planning,
    plugins,
    pods,
    probes,
    status,
)
from kube9.api.errors import error_reply, http_reply, unexpected_reply
from kube9.api.guard import Guard
from kube9.api.later import Later
from kube9.api.limits import Limits
from kube9.api.reply import SAFETY, JsonReply
from kube9.api.services import Services
from kube9.core.errors import Kube9Error

if TYPE_CHECKING:
    from kube9.api.tokens import Tokens
    from kube9.controlplane import ControlPlane
    from kube9.plugins.manager import Plugins

__all__ = ["RESOURCES", "create_app", "services_of"]

#: In the order of the documentation.
RESOURCES = tuple(
    module.RESOURCE
    for module in (
        nodes,
        pods,
        commands,
        deployments,
        applying,
        planning,
        events,
        status,
        plugins,
        probes,
        metrics,
        docs,
    )
)

_SERVICES = "kube9"
_BEGAN = "kube9.began_s"


def create_app(plane: ControlPlane, *, plugins: Plugins, tokens: Tokens, limits: Limits | None = None) -> Flask:
    """The app that serves ``plane``, which whoever calls starts and stops.

    :param plugins: for the list of them.
    :param tokens: what requests must prove themselves with; there is no app without.
    """
    services = Services(plane=plane, plugins=plugins, tokens=tokens, limits=limits or Limits(), resources=RESOURCES)
    app = Flask("kube9.api", static_folder=None)
    app.extensions[_SERVICES] = services
    app.session_interface = _NoSessions()
    app.config["MAX_CONTENT_LENGTH"] = services.limits.body_bytes
    # An odd path is no other path: both of these would answer with a redirect, and that in HTML.
    app.url_map.strict_slashes, app.url_map.merge_slashes = True, False
    for resource in RESOURCES:
        app.register_blueprint(resource.blueprint(services))
    _watch(app, services)
    app.register_error_handler(Kube9Error, error_reply)
    app.register_error_handler(HTTPException, http_reply)
    app.register_error_handler(Exception, unexpected_reply)
    return app


def services_of(app: Flask) -> Services:
    """What the views of ``app`` work with."""
    services = app.extensions[_SERVICES]
    assert isinstance(services, Services)
    return services


def _watch(app: Flask, services: Services) -> None:
    """Have every request checked before its view, and counted behind it."""
    by_name = {
        f"{resource.name}.{endpoint.name}": endpoint
        for resource in services.resources
        for endpoint in resource.endpoints
    }
    labels = {name: endpoint.name for name, endpoint in by_name.items()}
    guard = Guard(services, by_name)

    # Not `flask.request`, which is looked up anew at each use.
    def begin() -> None:
        asked = request_ctx.request
        asked.environ[_BEGAN] = time.perf_counter()
        guard.check(asked)

    def end(response: Response) -> Response:
        asked = request_ctx.request
        count = partial(_count, services, labels.get(asked.endpoint or "", "none"), asked.environ.get(_BEGAN))
        if isinstance(response, Later):
            response.watch = count
            return response
        if not isinstance(response, JsonReply):
            response.headers.extend(SAFETY)
        if response.status_code == HTTPStatus.UNAUTHORIZED and guard.takes_passwords(asked):
            response.headers["WWW-Authenticate"] = 'Basic realm="kube9: any name, and the token", charset="UTF-8"'
        count(response)
        return response

    app.before_request(begin)
    app.after_request(end)


def _count(services: Services, endpoint: str, began_s: float | None, response: Response) -> None:
    if began_s is not None:
        services.requests.observe(endpoint, response.status_code, time.perf_counter() - began_s)


class _NoSessions(SessionInterface):
    """The API has no sessions, and so no cookies; making an object to say so for each request is saved too."""

    _none = NullSession()

    def open_session(self, app: Flask, request: object) -> NullSession:  # noqa: ARG002
        return self._none
