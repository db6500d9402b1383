from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, inspect, text

from kube9.store.migrations.versions import v0001, v0002, v0005

#: What was released stays as it is: a pod of a database that has this version has these columns besides the first.
COLUMNS = ["ready", "restarts"]


def test_a_pod_that_runs_was_ready_and_all_else_stays(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        v0001.upgrade()
        v0002.upgrade()
        for uid, phase in (("u", "Running"), ("v", "Starting")):
            row = f"'{uid}', 'ns', '{uid}', 1, 2, '{phase}', 'n', 1, '', 0, 0, NULL, NULL, 3, NULL, 0, NULL, '', '{{}}'"
            connection.execute(text(f"INSERT INTO pods VALUES ({row})"))
        before = columns(connection)
        v0005.upgrade()
        assert columns(connection) == {**before, "pods": before["pods"] + COLUMNS}
        assert connection.execute(text("SELECT uid, phase, started_at_ms, ready, restarts FROM pods")).all() == [
            ("u", "Running", 3, 1, 0),
            ("v", "Starting", 3, 0, 0),
        ]
    engine.dispose()


def columns(connection):
    found = inspect(connection)
    return {table: [column["name"] for column in found.get_columns(table)] for table in found.get_table_names()}
