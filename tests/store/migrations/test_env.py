from __future__ import annotations

import subprocess
import sys

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine

from kube9.store import open_store
from kube9.store.schema import SCHEMA_VERSION, VERSION_TABLE, metadata


def steps():
    config = Config()
    config.set_main_option("script_location", "kube9.store:migrations")
    return ScriptDirectory.from_config(config)


def test_the_steps_lead_to_the_tables_that_the_code_works_with(tmp_path, postgres_url):
    path = str(tmp_path / "kube9.db")
    for address, url in (
        (path, f"sqlite:///{path}"),
        (postgres_url, postgres_url.replace("postgresql:", "postgresql+psycopg:")),
    ):
        open_store(address).close()
        with create_engine(url, poolclass=NullPool).connect() as connection:
            options = {"version_table": VERSION_TABLE, "compare_type": True}
            assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_the_steps_are_numbered_one_after_the_other():
    numbers = [step.revision for step in reversed(list(steps().walk_revisions()))]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    assert numbers[-1] == SCHEMA_VERSION


def test_a_database_that_is_up_to_date_opens_without_alembic(tmp_path):
    path = str(tmp_path / "kube9.db")
    open_store(path).close()
    code = (
        f"import sys; from kube9.store import open_store; open_store({path!r}).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
