from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy import make_url

from kube9.core import outcome as o
from kube9.core.errors import StoreError, StoreLocked, StoreUnavailable
from kube9.store import open_store

HOLD = """
import sys
from kube9.store import open_store
store = open_store(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""

#: How long the server may need until it is itself again.
PATIENCE_S = 60


def persist(call):
    """Call until the database is there, as the control plane does."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return call()
        except StoreUnavailable:
            if time.monotonic() > deadline_s:
                raise


SESSIONS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' "
    "AND pid <> pg_backend_pid()"
)


def end_sessions(meddle):
    """The server ends all connections to the database, as an operator may; returns when they have ended."""
    meddle(f"SELECT pg_terminate_backend(pid) {SESSIONS}")
    wait_for_sessions_to_end(meddle)


def wait_for_sessions_to_end(meddle):
    """Wait until the server has noticed that nobody else is connected to the database."""
    deadline_s, waiting = time.monotonic() + PATIENCE_S, threading.Event()
    while meddle(f"SELECT 1 {SESSIONS}"):
        assert time.monotonic() < deadline_s, "a session does not end"
        waiting.wait(0.02)


@pytest.fixture
def address(postgres_url):
    return postgres_url


@pytest.fixture
def held_elsewhere(address):
    """Another process that has the database."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.slow
def test_it_names_the_process_that_has_the_database(address, held_elsewhere):
    with pytest.raises(StoreLocked, match=rf"in use by kube9 process {held_elsewhere.pid} on .*; stop that server"):
        open_store(address)


def test_a_server_that_was_killed_leaves_the_database_free(opened, address, held_elsewhere, meddle):
    held_elsewhere.kill()
    wait_for_sessions_to_end(meddle)
    assert opened(address).load().nodes == ()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_an_outage_is_told_and_gone_on_from(stoppable_postgres, store, make, mode):
    store.commit([o.PodStored(make.pod(1))], [make.event(1)])
    stoppable_postgres.stop(mode)
    for call in (lambda: store.commit([o.PodStored(make.pod(2))], [make.event(2)]), store.ping, store.events):
        with pytest.raises(StoreUnavailable, match=r"postgresql://kube9@127.0.0.1:\d+/\w+: "):
            call()
    stoppable_postgres.start()
    persist(lambda: store.commit([o.PodStored(make.pod(2))], [make.event(2)]))
    persist(store.ping)
    assert [event.id for event in store.events()] == [1, 2]
    assert store.load().pods == (make.pod(1), make.pod(2))


def test_a_server_that_is_away_when_it_is_opened_is_told(stoppable_postgres, address):
    stoppable_postgres.stop()
    with pytest.raises(StoreUnavailable, match="no connection; is PostgreSQL running there?"):
        open_store(address)


@pytest.mark.slow
def test_the_lock_is_taken_again_with_the_next_connection(store, make, meddle, address):
    end_sessions(meddle)
    persist(lambda: store.commit([o.PodStored(make.pod())]))
    with pytest.raises(StoreLocked):
        open_store(address)


@pytest.mark.slow
def test_a_server_that_lost_its_connection_to_another_says_that_it_cannot_go_on(opened, address, store, make, meddle):
    end_sessions(meddle)
    opened(address).commit([o.PodStored(make.pod(1))])
    with pytest.raises(StoreError, match="another server has taken over .*; this one cannot go on"):
        persist(lambda: store.commit([o.PodStored(make.pod(2))]))


@pytest.mark.slow
def test_a_lock_that_an_unknown_session_has_is_waited_for(store, make, meddle, address):
    """Such as this server's own last connection, of which PostgreSQL does not know yet that it is over."""
    import psycopg

    (key,) = meddle("SELECT (classid::bigint << 32 | objid::bigint) FROM pg_locks WHERE locktype = 'advisory'")[0]
    with psycopg.connect(address, autocommit=True, application_name="lingering") as lingering:
        meddle(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name LIKE 'kube9%'"
        )
        lingering.execute("SELECT pg_advisory_lock(%s)", (key,))
        with pytest.raises(StoreUnavailable):
            store.commit([o.PodStored(make.pod())])
        with pytest.raises(StoreUnavailable, match="waiting for the database: .* is in use by lingering"):
            store.commit([o.PodStored(make.pod())])
    persist(lambda: store.commit([o.PodStored(make.pod())]))


def test_what_is_committed_is_on_the_disk_whatever_the_database_saves_on(opened, address, meddle):
    database = make_url(address).database
    for saving, expected in (("off", "on"), ("remote_apply", "remote_apply")):
        meddle(f"ALTER DATABASE {database} SET synchronous_commit = {saving}")
        store = opened(address)
        assert store._connected().exec_driver_sql("SHOW synchronous_commit").scalar() == expected
        store.close()


def test_it_may_be_reached_by_its_socket(stoppable_postgres, opened, address, make):
    url = make_url(address)
    store = opened(f"postgresql://{url.username}@/{url.database}?host={stoppable_postgres.folder}&port={url.port}")
    store.commit([o.PodStored(make.pod())])
    assert store.load().pods == (make.pod(),)


def test_each_schema_may_hold_a_cluster(opened, address, make, meddle):
    meddle("CREATE SCHEMA one")
    meddle("CREATE SCHEMA two")
    stores = [opened(f"{address}?options=-csearch_path%3D{schema}") for schema in ("one", "two")]
    for number, store in enumerate(stores):
        store.commit([o.PodStored(make.pod(number))])
    assert [store.load().pods for store in stores] == [(make.pod(0),), (make.pod(1),)]


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"database": "nowhere"}, "there is no such database; make it with: createdb NAME"),
        ({"username": "nobody"}, "PostgreSQL refused the user or password; see the database's URL"),
        ({"port": 1}, "no connection; is PostgreSQL running there?"),
    ],
    ids=["database", "user", "port"],
)
def test_what_is_wrong_with_a_url_is_told_without_its_password(address, changed, message):
    url = make_url(address).set(password="hunter2", **changed)
    with pytest.raises(StoreError) as raised:
        open_store(url.render_as_string(hide_password=False))
    assert message in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_user_who_may_not_make_tables_is_told(address, meddle):
    meddle("DROP ROLE IF EXISTS kube9_reader")
    meddle("CREATE ROLE kube9_reader LOGIN")
    try:
        with pytest.raises(StoreError, match="the user may not do that; make it the owner of the database"):
            open_store(make_url(address).set(username="kube9_reader").render_as_string())
    finally:
        meddle("DROP ROLE kube9_reader")


@pytest.mark.slow
def test_a_table_that_somebody_has_locked_is_waited_for_and_told(store, make, address):
    import psycopg

    with psycopg.connect(address) as other:
        other.execute("LOCK TABLE pods")
        with pytest.raises(StoreUnavailable, match="another session has locked its tables"):
            store.commit([o.PodStored(make.pod())])
    persist(lambda: store.commit([o.PodStored(make.pod())]))
