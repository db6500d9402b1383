"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def flag(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger, nullable=False)


def upgrade() -> None:
    op.create_table(
        "nodes",
        sa.Column("uid", sa.Text, primary_key=True),
        text("name"),
        number("ordinal"),
        number("created_at_ms"),
        text("phase"),
        flag("cordoned"),
        flag("deleting"),
        number("failures"),
        number("recovery_attempts"),
        text("reason"),
        text("token_digest"),
        text("spec"),
    )
    op.create_table(
        "pods",
        sa.Column("uid", sa.Text, primary_key=True),
        text("namespace"),
        text("name"),
        number("ordinal"),
        number("created_at_ms"),
        text("phase"),
        sa.Column("node_uid", sa.Text),
        number("epoch"),
        text("devices"),
        flag("deleting"),
        flag("evicting"),
        sa.Column("owner_uid", sa.Text),
        sa.Column("owner_revision", sa.BigInteger),
        sa.Column("started_at_ms", sa.BigInteger),
        sa.Column("finished_at_ms", sa.BigInteger),
        number("start_failures"),
        sa.Column("exit_code", sa.BigInteger),
        text("reason"),
        text("spec"),
    )
    op.create_table(
        "deployments",
        sa.Column("uid", sa.Text, primary_key=True),
        text("namespace"),
        text("name"),
        number("ordinal"),
        number("created_at_ms"),
        number("revision"),
        number("launched"),
        number("failures"),
        flag("deleting"),
        text("spec"),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        number("at_ms"),
        text("type"),
        text("object_kind"),
        text("object_uid"),
        text("namespace"),
        text("name"),
        text("node_name"),
        text("message"),
    )
    leader = op.create_table(
        "leader",
        sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
        number("last_event_id"),
        number("now_ms"),
    )
    op.bulk_insert(leader, [{"epoch": 0, "last_event_id": 0, "now_ms": 0}])
