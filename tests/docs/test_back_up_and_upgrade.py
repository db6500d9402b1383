"""The steps of docs/howto/back-up-and-upgrade.md, carried out on real databases."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from kube9.core.errors import StoreError
from kube9.core.nodes import Node, NodeSpec
from kube9.core.outcome import NodeStored
from kube9.store import open_store
from kube9.store.schema import SCHEMA_VERSION

PAGE = "docs/howto/back-up-and-upgrade.md"
TEXT = (Path(__file__).parents[2] / PAGE).read_text(encoding="utf-8")


def node(number):
    return Node(uid=f"node-{number}", spec=NodeSpec(name=f"n{number}", capacity={"cpu": 1000}), ordinal=number)


@pytest.mark.slow
def test_what_is_restored_is_the_cluster_as_it_was(live_page):
    live_page(PAGE, begin="## Back up SQLite", end="## Restore it").follow_all()
    between = live_page(PAGE, begin="## Restore it", end="Then start it again")
    for command, _ in [(between.server, between.welcome), *between.steps]:
        # Which of SQLite's two files a stop leaves behind is SQLite's affair.
        assert between.run(command.replace("rm ", "rm --force ")).returncode == 0
    live_page(PAGE, begin="Then start it again", end="## PostgreSQL").follow_all()


def test_a_dump_of_postgresql_is_restored(postgres_url, tmp_path):
    if shutil.which("pg_dump") is None:
        pytest.skip("needs pg_dump: apt install postgresql-client")
    dump, restore = re.findall(r"^pg_\w+ .*$", TEXT, flags=re.MULTILINE)
    with closing(open_store(postgres_url)) as store:
        store.commit([NodeStored(node(1))])
        bash(dump, postgres_url, tmp_path)
        store.commit([NodeStored(node(2))])
    bash(restore, postgres_url, tmp_path)
    with closing(open_store(postgres_url)) as store:
        assert store.load().nodes == (node(1),)


def bash(command, url, folder):
    subprocess.run(["bash", "-c", f"DB='{url}'; {command}"], cwd=folder, check=True, capture_output=True)


def test_an_older_kube9_says_what_the_page_says(tmp_path):
    path = tmp_path / "kube9.db"
    open_store(str(path)).close()
    newer = f"{int(SCHEMA_VERSION) + 1:04}"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE kube9_schema SET version_num = ?", (newer,))
    with pytest.raises(StoreError) as raised:
        open_store(str(path))
    (told,) = re.findall(r"^Error: (.* was written by .*)$", TEXT, flags=re.MULTILINE)
    told = told.replace("~/.local/state/kube9/kube9.db", str(path))
    assert re.sub(r"\d{4}", "N", told) == re.sub(r"\d{4}", "N", str(raised.value))
