"""What Alembic runs for an upgrade: the steps that are missing, on the connection that the store gives it."""

from __future__ import annotations

from alembic import context

from kube9.store.schema import VERSION_TABLE, metadata

# The store began a transaction and commits it; a step that fails leaves nothing of those before it.
context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
context.run_migrations()
