"""Alembic's entry: runs the revisions on the connection that :mod:`reglab.store.open` hands over."""

from __future__ import annotations

from alembic import context

from reglab.store.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
