"""The tables. What they became, step by step, is in ``migrations``; a test holds the two together."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, SmallInteger, Table, Text

__all__ = ["SCHEMA_VERSION", "VERSION_TABLE", "deployments", "events", "leader", "metadata", "nodes", "pods"]

#: The newest migration; they are numbered, so that an older kube9 can tell that a database is too new for it.
SCHEMA_VERSION = "0006"

#: Where Alembic keeps the version of the database at hand.
VERSION_TABLE = "kube9_schema"

metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _flag(name: str) -> Column[int]:
    """0 or 1: a number is what both databases and their drivers take fastest."""
    return Column(name, SmallInteger, nullable=False)


nodes = Table(
    "nodes",
    metadata,
    Column("uid", Text, primary_key=True),
    _text("name"),
    _number("ordinal"),
    _number("created_at_ms"),
    _text("phase"),
    _flag("cordoned"),
    _flag("deleting"),
    _number("failures"),
    _number("recovery_attempts"),
    _number("lease_left_ms"),
    Column("failed_at_ms", BigInteger),
    _number("streak"),
    _flag("tried_last"),
    _text("incarnation"),
    #: JSON: how it is being emptied; empty where it is not.
    _text("drain"),
    _text("reason"),
    _text("token_digest"),
    _text("spec"),
)

pods = Table(
    "pods",
    metadata,
    Column("uid", Text, primary_key=True),
    _text("namespace"),
    _text("name"),
    _number("ordinal"),
    _number("created_at_ms"),
    _text("phase"),
    Column("node_uid", Text),
    _number("epoch"),
    #: JSON: the indices by kind; empty where it holds none.
    _text("devices"),
    _flag("deleting"),
    _flag("evicting"),
    _flag("leaving"),
    Column("owner_uid", Text),
    Column("owner_revision", BigInteger),
    Column("started_at_ms", BigInteger),
    Column("finished_at_ms", BigInteger),
    _number("start_failures"),
    Column("exit_code", BigInteger),
    _flag("ready"),
    _number("restarts"),
    _text("reason"),
    _text("spec"),
)

deployments = Table(
    "deployments",
    metadata,
    Column("uid", Text, primary_key=True),
    _text("namespace"),
    _text("name"),
    _number("ordinal"),
    _number("created_at_ms"),
    _number("revision"),
    _number("launched"),
    _number("failures"),
    _flag("deleting"),
    _text("spec"),
)

events = Table(
    "events",
    metadata,
    # SQLite takes INTEGER alone for the row's own number, which makes an append of every insert.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    _number("at_ms"),
    _text("type"),
    _text("object_kind"),
    _text("object_uid"),
    _text("namespace"),
    _text("name"),
    _text("node_name"),
    _text("message"),
)

#: One row. A server that opens the database raises the epoch, and no commit of an earlier one goes through after that.
leader = Table(
    "leader",
    metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    #: The highest that was ever given, though it may be long deleted.
    _number("last_event_id"),
    #: The latest cluster time that was ever stored.
    _number("now_ms"),
    #: The longest lease that a node may still have, whichever server gave it.
    _number("lease_ms"),
    #: What tells this cluster from others that use the same machines; never changed.
    _text("cluster"),
)
