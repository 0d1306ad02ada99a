"""Training: specs in, events out. Knows no store, no threads and no page."""

from __future__ import annotations

from reglab.training.check import check
from reglab.training.devices import denormals_flushed
from reglab.training.loop import train
from reglab.training.memory import give_memory_back

__all__ = ["check", "denormals_flushed", "give_memory_back", "train"]
