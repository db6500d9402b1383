"""The uid of what is created: the same for the same idempotency key, else a new one."""

from __future__ import annotations

import os
import uuid

from kube9.core.errors import ManifestError, Problem

__all__ = ["KEY_LENGTH_MAX", "check_key", "uid_for"]

#: Every uid that was made of a key is made under this one.
_KEYS = uuid.UUID("6f3a0c8e-57cb-5d0b-9c0e-2b1c8a4f7d11")

KEY_LENGTH_MAX = 255


def uid_for(kind: str, key: str | None, index: int | None = None) -> str:
    """The uid of a thing of ``kind`` that was asked for under ``key``.

    :param key: ``None`` for a uid that nobody ever had.
    :param index: which one of a batch.
    """
    if key is None:
        return _random_uid()
    place = "" if index is None else f"#{index}"
    return str(uuid.uuid5(_KEYS, f"{kind}{place}:{key}"))


def _random_uid() -> str:
    """A random UUID as uuid4() has it, in a third of the time."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def check_key(key: str | None) -> str | None:
    """``key`` itself.

    :raises ManifestError: it cannot be one.
    """
    if key is not None and not (0 < len(key) <= KEY_LENGTH_MAX and key.isascii() and key.isprintable()):
        message = f"expected 1 to {KEY_LENGTH_MAX} printable ASCII characters"
        raise ManifestError([Problem("Idempotency-Key", message)])
    return key
