"""The tokens that new nodes introduce themselves with."""

from __future__ import annotations

import hashlib
import secrets
import threading

from kube9.core.ports import JoinTicket

__all__ = ["Tickets", "digest_of"]


def digest_of(token: str) -> str:
    """What is stored of a token: its SHA-256, in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


class Tickets:
    """Tokens of the nodes that are being made, in memory only: once a node is there, nobody needs to know it again.

    :param server_url: where nodes are to report.
    :param certificate: the server's, in PEM; empty where it serves plain HTTP.
    """

    def __init__(self, server_url: str = "", certificate: str = "") -> None:
        self._server_url, self._certificate = server_url, certificate
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()

    def issue(self, node_uid: str) -> str:
        """Make a token for a node, in place of any before; returns what is to be stored of it."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[node_uid] = token
        return digest_of(token)

    def ticket(self, node_uid: str) -> JoinTicket | None:
        """The ticket of a node that is being made; ``None`` where its token is not known."""
        with self._lock:
            token = self._tokens.get(node_uid)
        if token is None:
            return None
        return JoinTicket(node_uid=node_uid, server_url=self._server_url, token=token, certificate=self._certificate)

    def drop(self, node_uid: str) -> None:
        """Forget a token: the node is there, or never will be."""
        with self._lock:
            self._tokens.pop(node_uid, None)

    def __contains__(self, node_uid: object) -> bool:
        return node_uid in self._tokens
