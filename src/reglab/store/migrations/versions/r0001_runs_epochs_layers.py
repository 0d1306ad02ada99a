"""Runs, epochs and layer statistics."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_METRICS = (
    "train_loss", "val_loss", "train_acc", "val_acc", "running_loss", "l1", "l2", "total", "gap_loss", "gap_acc", "lr",
    "seconds",
)  # fmt: skip
_NORMS = ("l1_norm", "l2_norm", "max_abs", "zero_share", "near_zero_share")


def upgrade() -> None:
    _create_runs()
    _create_epochs()
    _create_layers()


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("key", sa.String(200)),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("wanted", sa.String(8), nullable=False),
        *[sa.Column(name, sa.Text, nullable=False) for name in ("spec", "dataset", "model")],
        *[sa.Column(name, sa.Double, nullable=False) for name in ("l1", "l2")],
        *[sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created", "queued")],
        *[sa.Column(name, sa.DateTime(timezone=True)) for name in ("started", "ended", "heartbeat")],
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("environment", sa.JSON),
        sa.Column("device", sa.Text),
        sa.Column("threads", sa.Integer),
        sa.Column("error", sa.Text),
        *[sa.Column(name, sa.Integer, nullable=False) for name in ("epoch", "epochs", "step", "steps")],
        sa.Column("best_epoch", sa.Integer),
        *[sa.Column(name, sa.Double) for name in ("best_val_acc", "best_val_loss")],
        sa.Column("weights_path", sa.Text),
        sa.Column("weights_sha256", sa.String(64)),
        sa.Column("group", sa.Text),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("owner", sa.String(64)),
        sa.Column("deleted", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("key", name="uq_runs_key"),
    )
    for name in ("state", "created", "group", "name"):
        op.create_index(f"ix_runs_{name}", "runs", [name])


def _create_epochs() -> None:
    op.create_table(
        "epochs",
        sa.Column("run", sa.String(16), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False, autoincrement=False),
        *[sa.Column(name, sa.Double, nullable=False) for name in _METRICS],
        sa.PrimaryKeyConstraint("run", "epoch", name="pk_epochs"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_epochs_run", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )


def _create_layers() -> None:
    op.create_table(
        "layers",
        sa.Column("run", sa.String(16), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("layer", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        *[sa.Column(name, sa.Double, nullable=False) for name in _NORMS],
        sa.Column("zeros", sa.BigInteger, nullable=False),
        sa.Column("counts", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("run", "epoch", "position", name="pk_layers"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_layers_run", ondelete="CASCADE"),
    )
