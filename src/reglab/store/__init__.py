"""The store: sweeps, runs, epochs and layer statistics in SQL, checkpoints and weights in files; it knows no torch."""

from __future__ import annotations

from reglab.store.audit import AuditEntry
from reglab.store.confirmations import Confirmation, Opening, TestScores
from reglab.store.files import TEST, RunFiles
from reglab.store.garbage import Leftover
from reglab.store.open import open_store
from reglab.store.owners import Owner
from reglab.store.reading import Unreadable, UnreadableRow
from reglab.store.results import EpochEntry
from reglab.store.run import BestEpoch, Run
from reglab.store.run_counts import RunChoices, RunCounts, RunMark
from reglab.store.run_filter import RunFilter
from reglab.store.run_table import RunOrder
from reglab.store.run_table_groups import GROUPINGS, GroupBy, RunGroup, RunGroups
from reglab.store.store import Store
from reglab.store.sweep import Sweep
from reglab.store.transitions import Ending, Progress

__all__ = [
    "GROUPINGS",
    "TEST",
    "AuditEntry",
    "BestEpoch",
    "Confirmation",
    "Ending",
    "EpochEntry",
    "GroupBy",
    "Leftover",
    "Opening",
    "Owner",
    "Progress",
    "Run",
    "RunChoices",
    "RunCounts",
    "RunFiles",
    "RunFilter",
    "RunGroup",
    "RunGroups",
    "RunMark",
    "RunOrder",
    "Store",
    "Sweep",
    "TestScores",
    "Unreadable",
    "UnreadableRow",
    "open_store",
]
