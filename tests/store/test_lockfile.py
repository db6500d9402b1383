from __future__ import annotations

import os
import subprocess
import sys

import pytest

from kube9.core.errors import StoreLocked
from kube9.store.lockfile import LockFile

HOLD = """
import sys
from pathlib import Path
from kube9.store.lockfile import LockFile
lock = LockFile(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kube9.db.lock"


@pytest.fixture
def holder(path):
    """Another process that holds the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_it_names_the_process_that_holds_it(path, holder):
    with pytest.raises(StoreLocked, match=rf"kube9.db is in use by process {holder.pid} on .*; stop that server first"):
        LockFile(path)


def test_it_ends_with_its_process_even_if_that_is_killed(path, holder):
    holder.kill()
    holder.wait()
    LockFile(path).release()


def test_it_keeps_out_this_very_process_too(path):
    lock = LockFile(path)
    with pytest.raises(StoreLocked, match=f"process {os.getpid()} on"):
        LockFile(path)
    lock.release()
    LockFile(path).release()


def test_it_is_for_its_owner_alone(path):
    LockFile(path).release()
    assert path.stat().st_mode & 0o777 == 0o600
