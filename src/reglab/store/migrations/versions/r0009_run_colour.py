"""The number of a run's colour; NULL for runs of sweeps, and for older ones, whose colour follows from their id."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("colour", sa.Integer))
