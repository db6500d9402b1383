"""How long the pods of a node that failed may still run there, how often it failed, and which boot of it joined."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The defaults are for the nodes that are there; the store itself writes every column.
    for column in (
        sa.Column("lease_left_ms", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("failed_at_ms", sa.BigInteger),
        sa.Column("streak", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("tried_last", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("incarnation", sa.Text, nullable=False, server_default=""),
    ):
        op.add_column("nodes", column)
