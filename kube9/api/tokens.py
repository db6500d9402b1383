"""Who may ask for what: one token for everything, and one for each node, which can only beat for it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from hmac import compare_digest

from attrs import field, frozen

from kube9.core.errors import AccessDenied, InvalidInput
from kube9.core.nodes import Node

__all__ = ["Tokens", "basic_password", "bearer_token", "digest_of"]


def digest_of(token: str) -> str:
    """What is kept of a token: its SHA-256, in hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


@frozen
class Tokens:
    """What the server knows of its tokens.

    :param admin_digest: the SHA-256, in hex, of the token that may do everything.
    """

    admin_digest: str = field(repr=False)

    def __attrs_post_init__(self) -> None:
        if len(self.admin_digest) != 64:
            raise InvalidInput("admin_digest must be a SHA-256 in hex, as digest_of() makes it of a token")

    @classmethod
    def of(cls, token: str) -> Tokens:
        """Of the token itself, which is not kept."""
        return cls(digest_of(token))

    def is_admin(self, token: str) -> bool:
        return compare_digest(digest_of(token), self.admin_digest)

    @staticmethod
    def node_of(token: str, nodes: Iterable[Node]) -> Node | None:
        """The node that ``token`` was given to; ``None`` if it is that of none.

        Every node is looked at in constant time, so the time it takes tells nothing of any token.
        """
        digest = digest_of(token)
        found = None
        for node in nodes:
            if node.token_digest and compare_digest(digest, node.token_digest):
                found = node
        return found


def bearer_token(authorization: str | None) -> str:
    """The token in an ``Authorization`` header.

    :raises AccessDenied: there is none.
    """
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise AccessDenied("a token is needed: send the header 'Authorization: Bearer TOKEN'")
    return token


def basic_password(authorization: str | None) -> str | None:
    """The password of HTTP Basic in an ``Authorization`` header; ``None`` where there is none."""
    scheme, _, coded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(coded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text.partition(":")[2] or None
