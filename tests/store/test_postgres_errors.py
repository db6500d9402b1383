from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import exc as sa

from kube9.core.errors import StoreError, StoreUnavailable
from kube9.store.postgres_errors import postgres_error

OPERATIONAL = psycopg.OperationalError


def of_state(state):
    return psycopg.errors.lookup(state)("it said so")


@pytest.mark.parametrize(
    "exc,kind,message",
    [
        (of_state("53100"), StoreUnavailable, "PostgreSQL's disk is full; make room"),
        (of_state("53300"), StoreUnavailable, "PostgreSQL has no connection left"),
        (of_state("53200"), StoreUnavailable, "PostgreSQL has run out of something"),
        (of_state("57P01"), StoreUnavailable, "PostgreSQL is shutting down"),
        (of_state("25006"), StoreUnavailable, "it takes no writes now"),
        (of_state("40P01"), StoreUnavailable, "the transaction was ended"),
        (of_state("55P03"), StoreUnavailable, "another session has locked its tables"),
        (of_state("58030"), StoreUnavailable, "PostgreSQL cannot read or write its files"),
        (of_state("XX001"), StoreError, "PostgreSQL found damaged data"),
        (of_state("42501"), StoreError, "the user may not do that"),
        (of_state("42P01"), StoreError, "a table is missing"),
        (of_state("23502"), StoreError, "PostgreSQL failed: it said so"),
        (OPERATIONAL('FATAL: database "x" does not exist'), StoreError, "there is no such database"),
        (OPERATIONAL("FATAL: password authentication failed"), StoreError, "PostgreSQL refused the user"),
        (OPERATIONAL("connection refused"), StoreUnavailable, "no connection; is PostgreSQL running"),
        (OPERATIONAL("the connection is lost"), StoreUnavailable, "no connection; is PostgreSQL running"),
        (sa.TimeoutError(), StoreUnavailable, "too many wait to read from it"),
    ],
    ids=lambda value: getattr(value, "sqlstate", None) or str(value),
)
def test_an_error_says_what_to_do_and_whether_to_wait(exc, kind, message):
    told = postgres_error(exc, "postgresql://db/kube9")
    assert type(told) is kind
    assert str(told).startswith(f"postgresql://db/kube9: {message}")


def test_what_sqlalchemy_wraps_is_unwrapped():
    told = str(postgres_error(sa.OperationalError("INSERT hunter2", {}, of_state("53100")), "db"))
    assert "disk is full" in told
    assert "hunter2" not in told
