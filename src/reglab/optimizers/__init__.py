"""Optimizers: a registry of what turns gradients into steps, one file each.

No torch here, since :mod:`reglab.spec` reads the entries: :mod:`reglab.optimizers.construct` builds torch's optimizers.
"""

from __future__ import annotations

from reglab.optimizers.optimizer import Line, Optimizer
from reglab.optimizers.schedule import extensible, learning_rate
from reglab.registry import Registry

OPTIMIZERS: Registry[Optimizer] = Registry("optimizer", "reglab.optimizers", Optimizer)

__all__ = ["OPTIMIZERS", "Line", "Optimizer", "extensible", "learning_rate"]
