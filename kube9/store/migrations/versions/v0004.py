"""How a node is being emptied, and which pods leave as soon as others run in their place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The defaults are for the nodes and pods that are there; the store itself writes every column.
    op.add_column("nodes", sa.Column("drain", sa.Text, nullable=False, server_default=""))
    op.add_column("pods", sa.Column("leaving", sa.SmallInteger, nullable=False, server_default="0"))
