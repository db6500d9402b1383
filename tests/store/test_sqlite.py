from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager, suppress

import pytest

from kube9.core import outcome as o
from kube9.core.errors import StoreError, StoreLocked, StoreUnavailable
from kube9.store import open_store
from kube9.store.sqlite import SqliteDatabase

SERVE = """
import sys
from kube9.core.nodes import Node, NodeSpec
from kube9.core.outcome import NodeStored
from kube9.store import open_store
store = open_store(sys.argv[1])
for number in range(10_000_000):
    node = Node(uid=f"node-{number}", spec=NodeSpec(name=f"n{number}", capacity={"cpu": 1}), ordinal=number)
    store.commit([NodeStored(node)])
    print(number, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kube9.db"


@pytest.fixture
def filled(path, make):
    """A database with some rows in it, closed."""
    with closing(open_store(str(path))) as store:
        store.commit([o.PodStored(make.pod(number)) for number in range(300)])
    return path


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    mount = [*as_root, "mount", "-t", "tmpfs", "-o", f"size=1m,uid={os.geteuid()}", "tmpfs", folder]
    try:
        subprocess.run(mount, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("fills a small disk, which root alone may mount: run this as root")
    yield folder
    subprocess.run([*as_root, "umount", folder], check=True)


def fill(path):
    """Write to a file for as long as there is room."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            continue


@contextmanager
def file_size_limited(size_bytes):
    """No file can be written beyond this."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@contextmanager
def as_nobody():
    """File permissions mean nothing to root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_folder_and_files_are_made_for_their_owner_alone(opened, tmp_path, make):
    path = tmp_path / "state" / "kube9" / "kube9.db"
    opened(str(path)).commit([o.PodStored(make.pod())])
    assert [folder.stat().st_mode & 0o777 for folder in path.parents[:2]] == [0o700, 0o700]
    modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    assert modes == dict.fromkeys(("kube9.db", "kube9.db-wal", "kube9.db-shm", "kube9.db.lock"), 0o600)


def test_what_is_committed_is_on_the_disk_and_readers_do_not_wait(path):
    database = SqliteDatabase(path)
    database.claim()
    with database.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        }
    database.release()
    assert settings == {"journal_mode": "wal", "synchronous": 2}


def test_a_link_to_a_database_is_the_same_database(opened, path, tmp_path):
    opened(str(path))
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with pytest.raises(StoreLocked):
        open_store(str(link))


def test_a_path_may_have_any_characters(opened, tmp_path, make):
    path = tmp_path / "a b?c#d%20é&mode=memory.db"
    opened(str(path)).commit([o.PodStored(make.pod())])
    assert {each.name for each in tmp_path.iterdir()} == {path.name + more for more in ("", "-wal", "-shm", ".lock")}


def test_a_full_disk_is_told_and_gone_on_from(small_disk, opened, make):
    store = opened(str(small_disk / "kube9.db"))
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(700 * 1024))
    many = [o.PodStored(make.pod(number)) for number in range(3000)]
    with pytest.raises(StoreUnavailable, match="its disk is full; make room, and the server goes on by itself"):
        store.commit(many, [make.event(1)])
    assert (store.load().pods, store.events()) == ((), ())
    ballast.unlink()
    store.commit(many[:1000], [make.event(1)])
    assert len(store.load().pods) == 1000


def test_a_database_that_may_not_grow_is_told_and_gone_on_from(opened, path, make):
    """The same where no disk can be filled: SQLite gives the same error for a limit of the connection's own."""
    store = opened(str(path))
    many = [o.PodStored(make.pod(number)) for number in range(2000)]
    with store._transaction() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 30")
    with pytest.raises(StoreUnavailable, match="its disk is full; make room"):
        store.commit(many)
    store.commit(many)
    assert len(store.load().pods) == 2000


def test_a_full_disk_is_told_when_a_database_is_to_be_made(small_disk):
    fill(small_disk / "ballast")
    with pytest.raises(StoreUnavailable, match="its disk is full; make room"):
        open_store(str(small_disk / "kube9.db"))


def test_a_disk_that_fails_is_told_and_gone_on_from(opened, path, make):
    store = opened(str(path))
    many = [o.PodStored(make.pod(number)) for number in range(5000)]
    with file_size_limited(200 * 1024), pytest.raises(StoreUnavailable, match="its disk cannot be read or written"):
        store.commit(many, [make.event(1)])
    assert (store.load().pods, store.events()) == ((), ())
    store.commit(many, [make.event(1)])
    assert len(store.load().pods) == 5000


@pytest.mark.slow
def test_a_database_that_another_process_has_locked_is_waited_for(opened, path, make):
    store = opened(str(path))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="another process has locked it"):
            store.commit([o.PodStored(make.pod())])
        other.execute("ROLLBACK")
    store.commit([o.PodStored(make.pod())])
    assert store.load().pods == (make.pod(),)


def test_a_file_that_is_no_database_is_refused_and_kept(path):
    path.write_text("The quick brown fox jumps over the lazy dog. " * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=f"{path}: it is no SQLite database; name another file"):
        open_store(str(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize("spared", [100, 4096], ids=["header-alone", "first-page"])
def test_a_garbled_file_is_told(filled, spared):
    content = filled.read_bytes()
    filled.write_bytes(content[:spared] + b"\x5a" * (len(content) - spared))
    with pytest.raises(StoreError, match=r"it is damaged; stop the server and restore a backup.*\.recover"):
        closing(open_store(str(filled)).load())


def test_a_truncated_file_is_told(filled):
    content = filled.read_bytes()
    filled.write_bytes(content[: len(content) // 2 // 4096 * 4096])
    with pytest.raises(StoreError, match="it is damaged"):
        open_store(str(filled)).load()


def test_a_folder_in_its_place_is_told(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened: Is a directory"):
        open_store(str(tmp_path))


def test_a_read_only_file_is_told(filled):
    filled.parent.chmod(0o777)
    for each in filled.parent.iterdir():
        each.chmod(0o444)
    above = [
        folder for folder in filled.parents if folder.is_relative_to("/tmp") and folder.stat().st_mode & 0o005 != 5
    ]
    for folder in above:
        folder.chmod(folder.stat().st_mode | 0o005)
    with as_nobody(), pytest.raises(StoreError, match="no permission to write .*; run as its owner"):
        open_store(str(filled))


def test_a_folder_that_may_not_be_written_is_told(tmp_path):
    with as_nobody(), pytest.raises(StoreError, match="no permission"):
        open_store(str(tmp_path / "new" / "kube9.db"))


def test_what_was_committed_outlives_a_server_that_is_killed(opened, path):
    with subprocess.Popen([sys.executable, "-c", SERVE, str(path)], stdout=subprocess.PIPE, text=True) as server:
        for _ in range(20):
            acknowledged = int(server.stdout.readline())
        with pytest.raises(StoreLocked, match=f"in use by process {server.pid} on"):
            open_store(str(path))
        server.kill()
        acknowledged = max([acknowledged, *map(int, server.stdout.read().split())])
    nodes = opened(str(path)).load().nodes
    assert [node.ordinal for node in nodes[: acknowledged + 1]] == list(range(acknowledged + 1))
