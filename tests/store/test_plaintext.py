from __future__ import annotations

import pytest

from kube9.store.plaintext import plain_text


@pytest.mark.parametrize(
    "given, kept",
    [
        ("", ""),
        ("plain", "plain"),
        ("Zürich 🚀", "Zürich 🚀"),
        ("a\0b", "a\ufffdb"),
        ("a\ud800b", "a?b"),
        ("é\0\udfff", "é\ufffd?"),
    ],
)
def test_only_what_no_database_takes_is_replaced(given, kept):
    assert plain_text(given) == kept
    assert plain_text(given).encode().decode() == kept
