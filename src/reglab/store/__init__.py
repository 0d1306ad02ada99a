"""The store: runs, epochs and layer statistics in SQL, checkpoints and weights in files; it knows no torch."""

from __future__ import annotations

from reglab.store.files import RunFiles
from reglab.store.open import open_store
from reglab.store.owners import Owner
from reglab.store.run import Run
from reglab.store.store import Store

__all__ = ["Owner", "Run", "RunFiles", "Store", "open_store"]
