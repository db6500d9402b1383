from __future__ import annotations

import threading

from kube9.agent.copies import Copies


def test_a_copy_is_made_once_however_many_want_it():
    copies, made, got = Copies(), [], []
    barrier = threading.Barrier(8)

    def add():
        barrier.wait(30)
        got.append(copies.add(("p", 1), lambda: made.append("copy") or "copy"))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["copy"]
    assert sorted(got, key=str) == [None] * 7 + ["copy"]


def test_each_epoch_is_a_copy_of_its_own():
    copies = Copies()
    for epoch in (1, 2):
        copies.add(("p", epoch), lambda epoch=epoch: epoch)
    assert (copies.get("p", 1), copies.get("p", 2), copies.get("q", 1)) == (1, 2, None)
    copies.forget("p", 1)
    copies.forget("p", 1)
    assert copies.all() == [2]
