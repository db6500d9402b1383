"""The check that every request passes before its view: may whoever asks do so?"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Request

from kube9.api.endpoint import Access, Endpoint
from kube9.api.services import Services
from kube9.api.tokens import Tokens, basic_password, bearer_token
from kube9.core.errors import AccessDenied, UnknownName

__all__ = ["Guard"]


class Guard:
    """Lets requests through that have the right token.

    :param endpoints: by the name Flask has for them; a request for anything else needs the token of an administrator.
    """

    def __init__(self, services: Services, endpoints: Mapping[str, Endpoint]) -> None:
        self._services = services
        self._access = {name: endpoint.access for name, endpoint in endpoints.items()}

    def check(self, request: Request) -> None:
        """:raises AccessDenied: the token is missing, unknown, or not meant for that."""
        access = self._access.get(request.endpoint or "", Access.ADMIN)
        if access == Access.OPEN:
            return
        authorization = request.environ.get("HTTP_AUTHORIZATION")
        if access == Access.BROWSER and (password := basic_password(authorization)) is not None:
            self._check_admin(password)
            return
        token = bearer_token(authorization)
        if access == Access.NODE and self._is_node(token, (request.view_args or {})["name"]):
            return
        self._check_admin(token)

    def takes_passwords(self, request: Request) -> bool:
        """Whether a browser that has no token should ask for a password."""
        return self._access.get(request.endpoint or "") == Access.BROWSER

    def _check_admin(self, token: str) -> None:
        if self._services.tokens.is_admin(token):
            return
        node = Tokens.node_of(token, self._services.plane.view.nodes())
        if node is None:
            raise AccessDenied("the token is not known here; 'kube9 serve' says where it keeps the one it takes")
        raise AccessDenied(f"the token of node {node.name!r} is for that node's heartbeats alone", known=True)

    def _is_node(self, token: str, name: str) -> bool:
        try:
            node = self._services.plane.view.node(name)
        except UnknownName:
            return False
        return Tokens.node_of(token, (node,)) is not None
