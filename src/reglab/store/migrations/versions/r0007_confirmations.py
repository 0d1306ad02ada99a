"""Sweeps that confirm others, and openings of test parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sweeps") as sweeps:
        sweeps.add_column(sa.Column("confirms", sa.String(16)))
        sweeps.add_column(sa.Column("confirmation", sa.Text))
        sweeps.create_index("ix_sweeps_confirms", ["confirms"])
    op.create_table(
        "openings",
        sa.Column("sweep", sa.String(16), nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("test_sha256", sa.String(64), nullable=False),
        sa.Column("images", sa.Integer, nullable=False),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sweep", name="pk_openings"),
    )
    op.create_index("ix_openings_dataset", "openings", ["dataset"])
