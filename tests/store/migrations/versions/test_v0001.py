from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, inspect, text

from kube9.store.migrations.versions import v0001

#: What was released stays as it is: a database that has this version has these columns.
COLUMNS = {
    "deployments": "uid namespace name ordinal created_at_ms revision launched failures deleting spec",
    "events": "id at_ms type object_kind object_uid namespace name node_name message",
    "leader": "epoch last_event_id now_ms",
    "nodes": (
        "uid name ordinal created_at_ms phase cordoned deleting failures recovery_attempts reason token_digest spec"
    ),
    "pods": (
        "uid namespace name ordinal created_at_ms phase node_uid epoch devices deleting evicting owner_uid "
        "owner_revision started_at_ms finished_at_ms start_failures exit_code reason spec"
    ),
}


def test_it_makes_the_first_tables(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        v0001.upgrade()
        found = inspect(connection)
        assert {
            table: " ".join(column["name"] for column in found.get_columns(table)) for table in found.get_table_names()
        } == COLUMNS
        assert connection.execute(text("SELECT * FROM leader")).all() == [(0, 0, 0)]
    engine.dispose()
