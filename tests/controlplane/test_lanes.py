from __future__ import annotations

import threading

import pytest

from kube9.controlplane.lanes import Lanes


@pytest.fixture
def lanes():
    made = []

    def lanes(do, threads=4):
        made.append(Lanes(do, threads=threads, name="test"))
        made[-1].start()
        return made[-1]

    yield lanes
    for each in made:
        each.close(60)


def test_jobs_of_one_lane_are_done_in_order(lanes):
    done = {lane: [] for lane in "abcdefgh"}
    pool = lanes(lambda job: done[job[0]].append(job[1]))
    for number in range(500):
        pool.put_all((lane, (lane, number)) for lane in done)
    assert pool.drain(60)
    assert done == {lane: list(range(500)) for lane in done}


def test_lanes_are_done_side_by_side(lanes):
    together = threading.Barrier(3, timeout=60)
    pool = lanes(lambda _: together.wait())
    pool.put_all([("a", 1), ("b", 2), ("c", 3)])
    assert pool.drain(60)
    assert not together.broken


def test_one_lane_has_one_thread_at_a_time(lanes):
    busy, twice = threading.Lock(), []

    def job(_):
        if not busy.acquire(blocking=False):
            twice.append(True)
            return
        busy.release()

    pool = lanes(job)
    for number in range(300):
        pool.put_all([("a", number)])
    assert pool.drain(60)
    assert twice == []


def test_a_job_that_fails_does_not_stop_its_lane(lanes, caplog):
    done = []

    def job(number):
        if number == 1:
            raise ZeroDivisionError("of all things")
        done.append(number)

    pool = lanes(job, threads=1)
    pool.put_all([("a", 0), ("a", 1), ("a", 2)])
    assert pool.drain(60)
    assert done == [0, 2]
    assert "a job for a backend failed; lane=a job=1" in caplog.text


def test_a_close_waits_for_what_is_under_way_and_drops_the_rest(lanes):
    entered, leave, done = threading.Event(), threading.Event(), []

    def job(number):
        entered.set()
        leave.wait(60)
        done.append(number)

    pool = lanes(job, threads=1)
    pool.put_all([("a", 0), ("a", 1), ("b", 2)])
    assert entered.wait(60)
    assert len(pool) == 2
    assert not pool.drain(0.01)
    helper = threading.Thread(target=set_once_closed, args=(pool, leave))
    helper.start()
    assert pool.close(60) == 2
    helper.join()
    assert done == [0]
    pool.put_all([("a", 3)])
    assert done == [0]


def set_once_closed(pool, event):
    pause = threading.Event()
    while not pool._closed:
        pause.wait(0.01)
    event.set()


def test_one_that_was_never_started_can_be_closed():
    assert Lanes(print, threads=2, name="test").close(1) == 0
