"""Text that every database takes."""

from __future__ import annotations

__all__ = ["plain_text"]


def plain_text(text: str) -> str:
    """``text`` without what UTF-8 or PostgreSQL has no place for: lone surrogates and the character 0.

    Reasons come from backends, and one with such a character must not keep a whole turn from being stored.
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
