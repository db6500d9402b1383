from __future__ import annotations

import pytest

from kube9.api.identity import check_key, uid_for
from kube9.core.errors import ManifestError


def test_the_same_key_is_the_same_thing():
    assert uid_for("Pod", "k") == uid_for("Pod", "k")


def test_other_kinds_keys_and_places_are_other_things():
    uids = {
        uid_for("Pod", "k"),
        uid_for("Node", "k"),
        uid_for("Pod", "l"),
        uid_for("Pod", "k", 0),
        uid_for("Pod", "k", 1),
        uid_for("Pod", None),
        uid_for("Pod", None),
    }
    assert len(uids) == 7


@pytest.mark.parametrize("key", [None, "a", "x" * 255, "a key with blanks", "!~"])
def test_keys(key):
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\tkey", "schlüssel", "\x00"])
def test_what_cannot_be_a_key_is_refused(key):
    with pytest.raises(ManifestError, match="Idempotency-Key"):
        check_key(key)
