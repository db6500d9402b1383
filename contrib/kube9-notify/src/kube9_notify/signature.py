"""Who sent a message, and when: for the receiver to check, which may copy :func:`verify`."""

from __future__ import annotations

import hashlib
import hmac
import re

__all__ = ["signed", "verify"]

#: No longer than a time can be; Python refuses to read a number of thousands of digits.
_SECONDS = re.compile(r"\d{1,12}", re.ASCII)


def signed(secret: bytes, timestamp_s: int, body: bytes) -> str:
    """The signature of a body that is sent at a time: HMAC-SHA256 of ``<timestamp>.<body>``, in hexadecimal digits."""
    return "v1=" + hmac.new(secret, b"%d." % timestamp_s + body, hashlib.sha256).hexdigest()


def verify(secret: bytes, timestamp: str, signature: str, body: bytes, *, now_s: float, tolerance_s: int = 300) -> bool:
    """Whether a message is from who knows the secret, and was sent just now rather than recorded and sent again.

    :param timestamp: the header ``Kube9-Timestamp``.
    :param signature: the header ``Kube9-Signature``.
    """
    if not _SECONDS.fullmatch(timestamp) or abs(now_s - int(timestamp)) > tolerance_s:
        return False
    # In constant time: how much of it is right must not be seen from how long it takes.
    return hmac.compare_digest(signed(secret, int(timestamp), body).encode(), signature.encode())
