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

FORGETFUL = (sys.executable, str(Path(__file__).with_name("forgetful.py")))

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.timeout(300)]


@pytest.fixture
def run(tmp_path):
    """Let the tool run; returns its exit code, its figures, and what it told."""

    def run(database, *, kills, seed, command=SERVE):
        told = []
        figures = Figures(database="small", seed=seed, clients=4)
        server = Server(command, tmp_path, database.url)
        given = {"clients": 4, "seed": seed, "say": told.append, "figures": figures}
        code = play(Run(server=server, database=database, kills=kills, **given), say=told.append)
        return code, figures, "\n".join(told)

    return run


def test_nothing_is_lost_on_sqlite(run, tmp_path):
    code, figures, told = run(SqliteDatabase(tmp_path / "kube9.db"), kills=5, seed=10)
    assert code == 0, told
    assert figures.kills == {"under load": 3, "right after start-up": 1, "in start-up": 1}
    assert figures.acknowledged.total() > 50
    assert figures.events_read > 50


def test_nothing_is_lost_on_postgresql_that_goes_away_itself(run, stoppable_postgres):
    # By this seed the database goes away once without the server and once with it.
    code, figures, told = run(PostgresDatabase(stoppable_postgres), kills=3, seed=8)
    assert code == 0, told
    assert figures.kills.total() == 3
    assert figures.database_stops == {"fast": 1, "immediate": 1}
    assert len(figures.writes_after_s) == 1
    assert figures.acknowledged.total() > 30


def test_a_server_that_acknowledges_before_it_writes_is_caught(run, tmp_path):
    code, _, told = run(SqliteDatabase(tmp_path / "kube9.db"), kills=5, seed=3, command=FORGETFUL)
    assert code == BROKEN
    assert "FAILED with seed 3 after " in told
    assert "was acknowledged and is not there" in told
    assert f"everything is kept in {tmp_path}" in told


def test_a_server_that_ends_by_itself_is_told_from_one_that_lies(run, tmp_path):
    (tmp_path / "kube9.db").write_text("This is no database. " * 100)
    code, _, told = run(SqliteDatabase(tmp_path / "kube9.db"), kills=1, seed=1)
    assert code == CRASHED
    assert "the server ended by itself with exit code" in told
