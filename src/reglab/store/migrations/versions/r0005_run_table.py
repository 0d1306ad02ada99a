"""The epoch of the best validation accuracy, and an index that covers the counts of runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BEST = """
    UPDATE runs SET best_val_acc_epoch = (
        SELECT min(epochs.epoch) FROM epochs WHERE epochs.run = runs.id AND epochs.val_acc = runs.best_val_acc
    ) WHERE best_val_acc IS NOT NULL
"""


def upgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("best_val_acc_epoch", sa.Integer))
    op.execute(_BEST)
    op.drop_index("ix_runs_state", "runs")
    op.create_index("ix_runs_state", "runs", ["state", "deleted", "group", "created", "queued", "ended"])
