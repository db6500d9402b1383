"""One try to deliver one message."""

from __future__ import annotations

import time

import requests

from kube9_notify.settings import Settings
from kube9_notify.signature import signed

__all__ = ["Refused", "TryLater", "post"]

#: Answers that say the same may be taken later: a timeout, too early, too many, and all that is the receiver's fault.
_LATER = frozenset((408, 425, 429))


class TryLater(Exception):
    """It was not taken, and may be if it is sent again."""


class Refused(Exception):
    """It was not taken, and never will be."""


def post(
    settings: Settings, session: requests.Session, event: str, message_id: str, body: bytes, timeout_s: float
) -> None:
    """Post a body, signed as of now.

    :raises TryLater: nobody answered in time, or the answer says so.
    :raises Refused: the answer is any other than one of success.
    """
    timestamp_s = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "kube9-notify/0.1.0",
        "Kube9-Event": event,
        "Kube9-Delivery": message_id,
        "Kube9-Timestamp": str(timestamp_s),
        "Kube9-Signature": signed(settings.secret, timestamp_s, body),
    }
    try:
        # Nobody reads the answer's body, which may be without end; and a redirect would make it another receiver's.
        with session.post(
            settings.url, data=body, headers=headers, timeout=timeout_s, allow_redirects=False, stream=True
        ) as answer:
            status = answer.status_code
    except requests.RequestException as exc:
        # Not its text, in which the whole URL may stand.
        raise TryLater(type(exc).__name__) from exc
    if status >= 500 or status in _LATER:
        raise TryLater(f"HTTP {status}")
    if not 200 <= status < 300:
        raise Refused(f"HTTP {status}")
