"""The tool at small size against the real server, and against one that it must catch."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reliability.command import BROKEN, CRASHED, SERVE, play
from reliability.database import PostgresDatabase, SqliteDatabase
from reliability.figures import Figures
from reliability.run import Run
from reliability.server import Server

#: With this seed and three kills the database goes away once with the server and once without it.
SEED = 8
FORGETFUL = (sys.executable, str(Path(__file__).with_name("forgetful.py")))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def run(tmp_path):
    """Let the tool run; returns its exit code, its figures, and what it told."""

    def run(database, *, kills, command=SERVE):
        told = []
        figures = Figures(database="small", seed=SEED, clients=4)
        server = Server(command, tmp_path, database.url)
        given = {"clients": 4, "seed": SEED, "say": told.append, "figures": figures}
        code = play(Run(server=server, database=database, kills=kills, **given), say=told.append)
        return code, figures, "\n".join(told)

    return run


def test_nothing_is_lost_on_sqlite(run, tmp_path):
    code, figures, told = run(SqliteDatabase(tmp_path / "kube9.db"), kills=5)
    assert code == 0, told
    assert figures.kills.total() == 5
    assert figures.acknowledged.total() > 50
    assert figures.events_read > 50


def test_nothing_is_lost_on_postgresql_that_goes_away_itself(run, stoppable_postgres):
    code, figures, told = run(PostgresDatabase(stoppable_postgres), kills=3)
    assert code == 0, told
    assert figures.kills.total() == 3
    assert figures.database_stops.total() > 0
    assert figures.writes_after_s, "no write was tried while the database was away"
    assert figures.acknowledged.total() > 30


def test_a_server_that_acknowledges_before_it_writes_is_caught(run, tmp_path):
    code, _, told = run(SqliteDatabase(tmp_path / "kube9.db"), kills=5, command=FORGETFUL)
    assert code == BROKEN
    assert f"FAILED with seed {SEED} after " in told
    assert "was acknowledged and is not there" in told
    assert f"everything is kept in {tmp_path}" in told


def test_a_server_that_ends_by_itself_is_told_from_one_that_lies(run, tmp_path):
    (tmp_path / "kube9.db").write_text("This is no database. " * 100)
    code, _, told = run(SqliteDatabase(tmp_path / "kube9.db"), kills=1)
    assert code == CRASHED
    assert "the server ended by itself with exit code" in told
