"""Brings the tables of a database to the version that this kube9 works with."""

from __future__ import annotations

from sqlalchemy import Connection, column, inspect, select, table

from kube9.core.errors import StoreError
from kube9.store.schema import SCHEMA_VERSION, VERSION_TABLE, metadata

__all__ = ["upgrade"]


def upgrade(connection: Connection, place: str) -> None:
    """Make or upgrade the tables, within the transaction that is open.

    :param place: the database's name in messages.
    :raises StoreError: it was written by a newer kube9, or by something else.
    """
    version = _version(connection, place)
    if version == SCHEMA_VERSION:
        return
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{place} was written by a newer kube9: its tables have version {version}, and this kube9 knows them up to "
            f"{SCHEMA_VERSION}; install that kube9 again, or restore a backup from before its upgrade"
        )
    # Alembic takes longer to import than a database at its newest version takes to open.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "kube9.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _version(connection: Connection, place: str) -> str:
    """The version that the tables have; empty where there are none."""
    there = set(inspect(connection).get_table_names())
    if VERSION_TABLE in there:
        version = connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
        return str(version or "")
    foreign = sorted(there if connection.dialect.name == "sqlite" else there & set(metadata.tables))
    if foreign:
        raise StoreError(
            f"{place} holds tables that are not kube9's: {', '.join(foreign[:5])}; give kube9 a database of its own"
        )
    return ""
