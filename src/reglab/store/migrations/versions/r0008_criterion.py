"""The training criterion of runs with label smoothing or mixup; NULL where it is the data loss."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("epochs") as epochs:
        epochs.add_column(sa.Column("criterion", sa.Double))
