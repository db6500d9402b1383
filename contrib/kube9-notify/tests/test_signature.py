"""What a receiver can rely on."""

from __future__ import annotations

import pytest

from kube9_notify import signed, verify

SECRET, BODY, NOW_S = b"a secret of sixteen or more", b'{"event":"node-lost"}', 1_800_000_000


def test_it_is_the_one_that_anybody_can_compute():
    # printf '1800000000.{"event":"node-lost"}' | openssl dgst -sha256 -hmac 'a secret of sixteen or more'
    assert signed(SECRET, NOW_S, BODY) == "v1=23e8ca569eb4738e19a28df515b7c47f7a6b3dc95e3d38f4b667d1e8b7b314a6"


@pytest.mark.parametrize(
    "secret,stamp,body,now_s,genuine",
    [
        (SECRET, f"{NOW_S}", BODY, NOW_S, True),
        (SECRET, f"{NOW_S}", BODY, NOW_S + 300, True),
        (SECRET, f"{NOW_S}", BODY, NOW_S + 301, False),
        (SECRET, f"{NOW_S}", BODY, NOW_S - 301, False),
        (SECRET, f"{NOW_S + 1}", BODY, NOW_S, False),
        (SECRET, f"{NOW_S}", BODY + b" ", NOW_S, False),
        (b"another secret of sixteen", f"{NOW_S}", BODY, NOW_S, False),
        (SECRET, "now", BODY, NOW_S, False),
        (SECRET, "", BODY, NOW_S, False),
        (SECRET, "9" * 5000, BODY, NOW_S, False),
    ],
)
def test_it_holds_for_this_body_this_secret_and_now(secret, stamp, body, now_s, genuine):
    assert verify(secret, stamp, signed(SECRET, NOW_S, BODY), body, now_s=now_s) is genuine


@pytest.mark.parametrize("signature", ["", "v1=", "v2=" + "0" * 64, "v1=ü"])
def test_what_is_no_signature_is_none(signature):
    assert not verify(SECRET, f"{NOW_S}", signature, BODY, now_s=NOW_S)
