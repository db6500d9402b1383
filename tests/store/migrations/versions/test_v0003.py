from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, text

from kube9.store.migrations.versions import v0001, v0002, v0003


def test_the_server_before_gave_no_lease_that_anybody_knows_of(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        v0001.upgrade()
        before = connection.execute(text("SELECT * FROM leader")).one()
        v0002.upgrade()
        v0003.upgrade()
        assert connection.execute(text("SELECT * FROM leader")).one() == (*before, 0)
    engine.dispose()
