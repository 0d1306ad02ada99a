"""The tables: sweeps, openings of test parts, runs, epochs, statistics of each layer at each epoch, and the audit log.

The migrations under :mod:`reglab.store.migrations` build exactly these (a test compares them). A row of ``runs`` also
carries what lists show (epochs done, best figures), kept in step with ``epochs`` in the same transactions. A sweep's
state is that of its lanes, which are rows of ``runs``.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Insert,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from reglab import columns
from reglab.store.types import Counts, Json, Measured, Real, Utc

REVISION = "0010"
"""The newest migration, which this version reads and writes (a test compares it with the scripts)."""

VERSION_TABLE = "reglab_version"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

sweeps = Table(
    "sweeps",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("key", String(200), unique=True),
    Column("name", Text, nullable=False),
    Column("spec", Text, nullable=False),
    Column("created", Utc, nullable=False),
    Column("plan", Text),  # JSON, NaN and ±∞ included
    Column("seconds", Real, nullable=False),
    Column("error", Text),
    Column("activity", Text),
    Column("deleted", Utc),
    Column("confirms", String(16)),  # the sweep that this one confirms; it may be gone
    Column("confirmation", Text),  # JSON, of a sweep with confirms
    Column("person", Text),  # e-mail address of who started it; NULL: nobody was signed in
    Index(None, "created"),
    Index(None, "name"),
    Index(None, "confirms"),
)

openings = Table(
    "openings",
    metadata,
    Column("sweep", String(16), primary_key=True),  # stays when the sweep is purged: images once seen stay seen
    Column("dataset", Text, nullable=False),
    Column("test_sha256", String(64), nullable=False),
    Column("images", Integer, nullable=False),
    Column("opened", Utc, nullable=False),
    Index(None, "dataset"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("key", String(200), unique=True),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("wanted", String(8), nullable=False),
    Column("spec", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("l1", Real, nullable=False),
    Column("l2", Real, nullable=False),
    Column("penalty", Text, nullable=False),  # its label, "elastic net" for example
    Column("created", Utc, nullable=False),
    Column("queued", Utc, nullable=False),
    Column("started", Utc),
    Column("ended", Utc),
    Column("heartbeat", Utc),
    Column("seconds", Real, nullable=False),
    Column("environment", Json),
    Column("device", Text),
    Column("threads", Integer),
    Column("error", Text),
    Column("activity", Text),
    Column("epoch", Integer, nullable=False),
    Column("epochs", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("best_epoch", Integer),
    Column("best_val_acc", Real),
    Column("best_val_acc_epoch", Integer),
    Column("best_val_loss", Real),
    Column("weights_path", Text),
    Column("weights_sha256", String(64)),
    Column("group", Text),
    Column("tags", Json, nullable=False),
    Column("note", Text, nullable=False),
    Column("colour", Integer),  # its number; NULL: that of λ in a sweep, or by the id of an older run
    Column("owner", String(64)),
    Column("deleted", Utc),
    Column("sweep", String(16), ForeignKey(sweeps.c.id, ondelete="CASCADE")),
    Column("lane", Integer),
    Column("person", Text),  # as in sweeps; of a run of a sweep the same
    Index(None, "sweep", "lane", unique=True),
    Index(None, "state", "deleted", "group", "created", "queued", "ended"),  # runs are counted from it alone
    Index(None, "created"),
    Index(None, "group"),
    Index(None, "name"),
    Index(None, "person"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("moment", Utc, nullable=False),
    Column("person", Text),  # NULL: this machine
    Column("action", String(16), nullable=False),
    Column("job", String(16), nullable=False),  # it may be gone
    Column("name", Text),
    Index(None, "job"),
)


def _run_id() -> Column[str]:
    return Column("run", String(16), ForeignKey(runs.c.id, ondelete="CASCADE"), primary_key=True)


epochs = Table(
    "epochs",
    metadata,
    _run_id(),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    *[Column(name, Real, nullable=False) for name in columns.METRICS if name not in columns.SOMETIMES],
    *[Column(name, Measured) for name in columns.MEMORY],
    Column("penalties", Text),  # JSON, NaN and ±∞ included: key → value of terms other than l1 and l2, or NULL
    Column(columns.CRITERION, Measured),
    sqlite_with_rowid=False,
)

layers = Table(
    "layers",
    metadata,
    _run_id(),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("layer", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    *[
        Column(name, Real, nullable=False)
        for name in (columns.L1_NORM, columns.L2_NORM, columns.MAX_ABS, columns.ZERO_SHARE, columns.NEAR_ZERO_SHARE)
    ],
    *[Column(name, Real) for name in (columns.DATA_GRAD, columns.PENALTY_GRAD)],  # NULL: older than revision 0003
    *[Column(name, Integer) for name in (columns.UNITS, columns.ZERO_UNITS)],  # NULL: older than revision 0006
    Column("zeros", BigInteger, nullable=False),
    Column("counts", Counts, nullable=False),
)


def insert_unless_known(connection: Connection, table: Table) -> Insert:
    """INSERT INTO ``table`` … ON CONFLICT DO NOTHING; only the dialect that is used is loaded."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table).on_conflict_do_nothing()
