"""Penalty terms by key, the penalty's label, and filters that are zero."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_LABEL = """
    UPDATE runs SET penalty = CASE
        WHEN l1 <> 0 AND l2 <> 0 THEN 'elastic net' WHEN l1 <> 0 THEN 'L1' WHEN l2 <> 0 THEN 'L2' ELSE 'none'
    END
"""


def upgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("penalty", sa.Text, nullable=False, server_default="none"))
    op.execute(_LABEL)
    with op.batch_alter_table("runs") as runs:
        runs.alter_column("penalty", server_default=None)
    with op.batch_alter_table("epochs") as epochs:
        epochs.add_column(sa.Column("penalties", sa.Text))
    with op.batch_alter_table("layers") as layers:
        for name in ("units", "zero_units"):
            layers.add_column(sa.Column(name, sa.Integer))
