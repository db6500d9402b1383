from __future__ import annotations

import pytest

from kube9.controlplane.leasebook import LeaseBook
from kube9.core.errors import StoreUnavailable


@pytest.fixture
def written():
    return []


def book(written, earlier_ms=0, lease_ms=10_000):
    book = LeaseBook(written.append)
    book.open(earlier_ms, lease_ms)
    return book


@pytest.mark.parametrize("earlier_ms,expected", [(0, 10_000), (5_000, 10_000), (60_000, 60_000)])
def test_at_first_the_longest_of_both_servers_is_written(written, earlier_ms, expected):
    book(written, earlier_ms)
    assert written == [expected]


def test_what_stays_as_it_is_is_not_written_again(written):
    subject = book(written)
    for now_ms in range(0, 100_000, 1_000):
        subject.settle(10_000, now_ms)
    assert written == [10_000]


def test_a_longer_lease_is_written_at_once(written):
    subject = book(written)
    subject.settle(10_001, 0)
    assert written == [10_000, 10_001]


def test_a_shorter_one_is_written_when_every_longer_one_is_over(written):
    subject = book(written, 60_000)
    for now_ms in range(500, 100_000, 500):
        subject.settle(10_000, now_ms)
        assert written == ([60_000] if now_ms < 500 + 61_201 else [60_000, 10_000])


def test_that_begins_anew_when_the_longer_one_is_given_again(written):
    subject = book(written, lease_ms=60_000)
    subject.settle(10_000, 0)
    subject.settle(60_000, 50_000)
    subject.settle(10_000, 61_201)
    subject.settle(10_000, 122_401)
    assert written == [60_000]
    subject.settle(10_000, 122_402)
    assert written == [60_000, 10_000]


def test_what_could_not_be_written_is_written_the_next_time():
    down, written = True, []

    def write(lease_ms):
        if down and lease_ms > 10_000:
            raise StoreUnavailable("the database is away")
        written.append(lease_ms)

    subject = LeaseBook(write)
    subject.open(0, 10_000)
    with pytest.raises(StoreUnavailable):
        subject.settle(20_000, 0)
    down = False
    subject.settle(20_000, 500)
    assert written == [10_000, 20_000]
