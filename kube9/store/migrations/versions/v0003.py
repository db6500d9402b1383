"""The longest lease that a node may still have."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("leader", sa.Column("lease_ms", sa.BigInteger, nullable=False, server_default="0"))
