from __future__ import annotations

import pytest

from kube9.manifest.names import data_key, env_name, label_key, label_value, name_label, port_name, subdomain
from kube9.manifest.reader import NOTHING, Reader

TABLE = [
    (subdomain, ["a", "a.b-c.d", "1", "a" * 253], ["", "A", "a.", ".a", "a..b", "-a", "a-.b", "a" * 254, "a\n", "ä"]),
    (name_label, ["a", "a-1"], ["a.b", "-a", "a-", "a" * 64]),
    (port_name, ["http", "a-1"], ["80", "a--b", "-a", "A", "a" * 16]),
    (env_name, ["A", "a.b-c", "with space"], ["", "A=B", "A\n", "Ä", "\x7f"]),
    (data_key, ["a", ".a", "..a", "A_b-c.d"], ["", ".", "..", "a/b", "a b", "a" * 254]),
    (label_value, ["", "a", "A_b.c-d"], ["-a", "a-", "a b", "a" * 64, "a\n"]),
    (label_key, ["a", "A_b.c", "a.b/C", "a" * 63, f"{'a' * 253}/b"], ["", "/a", "a/", "A/b", "a/b/c", "a" * 64, "a\n"]),
]


@pytest.mark.parametrize("read, good", [(read, text) for read, good, _ in TABLE for text in good])
def test_names_that_may_be_given(read, good):
    reader = Reader()
    assert read(reader, good) == good
    assert reader.problems == []


@pytest.mark.parametrize("read, bad", [(read, text) for read, _, bad in TABLE for text in [*bad, None, 5, ["a"]]])
def test_names_that_may_not(read, bad):
    reader = Reader()
    assert read(reader, bad) is NOTHING
    assert len(reader.problems) == 1
