"""Sweeps, which runs are their lanes, and how training labels are learnt; NULL for all that is older."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_sweeps()
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("sweep", sa.String(16)))
        runs.add_column(sa.Column("lane", sa.Integer))
        runs.create_foreign_key("fk_runs_sweep", "sweeps", ["sweep"], ["id"], ondelete="CASCADE")
    op.create_index("ix_runs_sweep", "runs", ["sweep", "lane"], unique=True)
    with op.batch_alter_table("epochs") as epochs:
        for name in ("clean_acc", "flipped_acc", "true_acc"):
            epochs.add_column(sa.Column(name, sa.Double))


def _create_sweeps() -> None:
    op.create_table(
        "sweeps",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("key", sa.String(200)),
        *[sa.Column(name, sa.Text, nullable=False) for name in ("name", "spec")],
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("plan", sa.Text),
        sa.Column("seconds", sa.Double, nullable=False),
        *[sa.Column(name, sa.Text) for name in ("error", "activity")],
        sa.Column("deleted", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_sweeps"),
        sa.UniqueConstraint("key", name="uq_sweeps_key"),
    )
    for name in ("created", "name"):
        op.create_index(f"ix_sweeps_{name}", "sweeps", [name])
