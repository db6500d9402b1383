from __future__ import annotations

from kube9.agent import labels


def test_every_label_is_its_own_and_marked_as_kube9s():
    texts = [getattr(labels, name) for name in labels.__all__]
    assert len(set(texts)) == len(texts) == 9
    assert all(text.startswith("kube9.") for text in texts)
