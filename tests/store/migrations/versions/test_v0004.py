from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, inspect, text

from kube9.store.migrations.versions import v0001, v0004


def test_it_adds_to_the_nodes_and_pods_that_are_there_and_leaves_all_else_alone(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'new.db'}")
    node = ("u", "n", 1, 2, "Ready", 0, 1, 3, 4, "why", "digest", "{}")
    pod = ("u", "default", "p", 1, 2, "Running", "u", 3, "", 0, 1, None, None, 4, None, 0, None, "why", "{}")
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        v0001.upgrade()
        connection.execute(text(f"INSERT INTO nodes VALUES {node}".replace("None", "NULL")))
        connection.execute(text(f"INSERT INTO pods VALUES {pod}".replace("None", "NULL")))
        before = columns(connection)
        v0004.upgrade()
        added = {"nodes": [*before["nodes"], "drain"], "pods": [*before["pods"], "leaving"]}
        assert columns(connection) == {**before, **added}
        assert connection.execute(text("SELECT * FROM nodes")).all() == [(*node, "")]
        assert connection.execute(text("SELECT * FROM pods")).all() == [(*pod, 0)]
    engine.dispose()


def columns(connection):
    found = inspect(connection)
    return {table: [column["name"] for column in found.get_columns(table)] for table in found.get_table_names()}
