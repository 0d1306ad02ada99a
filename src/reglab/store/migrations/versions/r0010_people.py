"""Who started a run or sweep, NULL where nobody was signed in; and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("sweeps", "runs"):
        with op.batch_alter_table(table) as changed:
            changed.add_column(sa.Column("person", sa.Text))
    op.create_index("ix_runs_person", "runs", ["person"])
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person", sa.Text),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("job", sa.String(16), nullable=False),
        sa.Column("name", sa.Text),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.create_index("ix_audit_job", "audit", ["job"])
