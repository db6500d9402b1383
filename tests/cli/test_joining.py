from __future__ import annotations

from kube9.cli.joining import watch_joining


def document(name, phase, **status):
    return {"metadata": {"name": name}, "status": {"phase": phase, **status}}


def test_there_is_a_line_for_each_as_soon_as_it_has_joined_or_cannot(capsys):
    looks = {"a": 0, "bb": 0, "c": 0}

    def fetch(name):
        looks[name] += 1
        if name == "a":
            return document("a", "Ready", capacity={"cpu": "4"})
        if name == "bb":
            return document("bb", "Provisioning" if looks["bb"] < 3 else "Lost", reason="not created: no Python")
        return document("c", "Provisioning")

    joined = watch_joining(["a", "bb", "c"], fetch, 1.0)
    assert (joined.ready, joined.failed, joined.waiting) == (("a",), ("bb",), ("c",))
    assert joined.summary == "1 ready, 1 failed, 1 not there yet"
    assert capsys.readouterr().err.splitlines() == [
        "a   ready   cpu=4",
        "bb  failed: not created: no Python",
        "c   not there yet",
    ]
