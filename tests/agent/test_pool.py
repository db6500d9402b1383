from __future__ import annotations

import threading

from kube9.agent.pool import Pool


def test_does_all_and_no_more_at_once_than_it_may():
    pool, done, lock = Pool("test", 3), threading.Semaphore(0), threading.Lock()
    running, most = set(), [0]
    meet = threading.Barrier(3, timeout=30)

    def work():
        with lock:
            running.add(threading.current_thread())
            most[0] = max(most[0], len(running))
        meet.wait()
        with lock:
            running.discard(threading.current_thread())
        done.release()

    for _ in range(9):
        pool.submit(work)
    for _ in range(9):
        assert done.acquire(timeout=30)
    pool.close(30)
    assert most == [3]


def test_goes_on_after_work_that_failed(caplog):
    pool, done = Pool("test", 1), threading.Event()

    def fail():
        raise RuntimeError("a fault of ours")

    pool.submit(fail)
    pool.submit(done.set)
    assert done.wait(30)
    pool.close(30)
    assert "a fault of ours" in caplog.text


def test_begins_nothing_once_it_is_closed():
    pool, done = Pool("test", 1), []
    pool.close()
    pool.submit(lambda: done.append(1))
    assert done == []
