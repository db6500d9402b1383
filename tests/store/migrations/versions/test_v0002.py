from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, inspect, text

from kube9.store.migrations.versions import v0001, v0002

#: What was released stays as it is: a node of a database that has this version has these columns besides the first.
COLUMNS = ["lease_left_ms", "failed_at_ms", "streak", "tried_last", "incarnation"]


def test_it_adds_to_the_nodes_that_are_there_and_leaves_all_else_alone(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        v0001.upgrade()
        connection.execute(
            text("INSERT INTO nodes VALUES ('u', 'n', 1, 2, 'Ready', 0, 1, 3, 4, 'why', 'digest', '{}')")
        )
        before = columns(connection)
        v0002.upgrade()
        assert columns(connection) == {**before, "nodes": before["nodes"] + COLUMNS}
        assert connection.execute(text("SELECT * FROM nodes")).all() == [
            ("u", "n", 1, 2, "Ready", 0, 1, 3, 4, "why", "digest", "{}", 0, None, 0, 0, "")
        ]
    engine.dispose()


def columns(connection):
    found = inspect(connection)
    return {table: [column["name"] for column in found.get_columns(table)] for table in found.get_table_names()}
