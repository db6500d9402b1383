from __future__ import annotations

import re

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, text

from kube9.store.migrations.versions import v0001, v0006


def mark_of(path):
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        v0001.upgrade()
        v0006.upgrade()
        marks = connection.execute(text("SELECT cluster FROM leader")).scalars().all()
    engine.dispose()
    assert len(marks) == 1
    return marks[0]


def test_each_database_gets_a_mark_of_its_own(tmp_path):
    marks = [mark_of(tmp_path / name) for name in ("one.db", "other.db")]
    assert all(re.fullmatch("c-[0-9a-f]{8}", mark) for mark in marks)
    assert marks[0] != marks[1]
