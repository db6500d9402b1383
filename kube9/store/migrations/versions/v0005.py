"""Whether a pod is ready, and how often its node started a container of it again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The defaults are for the pods that are there; the store itself writes every column.
    op.add_column("pods", sa.Column("ready", sa.SmallInteger, nullable=False, server_default="0"))
    op.add_column("pods", sa.Column("restarts", sa.BigInteger, nullable=False, server_default="0"))
    # Nobody asked before whether what runs is ready, so it was.
    op.execute("UPDATE pods SET ready = 1 WHERE phase = 'Running'")
