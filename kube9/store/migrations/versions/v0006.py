"""What tells this cluster from others that use the same machines."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("leader", sa.Column("cluster", sa.Text, nullable=False, server_default=""))
    op.execute(sa.text("UPDATE leader SET cluster = :mark").bindparams(mark=f"c-{secrets.token_hex(4)}"))
