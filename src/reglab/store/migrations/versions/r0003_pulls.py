"""How hard data and penalty pull at each layer; not recorded (NULL) for epochs before this revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("layers") as layers:
        for name in ("data_grad", "penalty_grad"):
            layers.add_column(sa.Column(name, sa.Double))
