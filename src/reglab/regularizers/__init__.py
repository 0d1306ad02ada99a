"""What regularizes without being a penalty on weights: a registry, one file each, that says where each one acts.

No torch at import, since :mod:`reglab.spec` reads the entries; :mod:`reglab.training.regularizing` runs their hooks.
"""

from __future__ import annotations

from reglab.registry import Registry
from reglab.regularizers.regularizer import Batch, Code, DataHook, Place, Regularizer

REGULARIZERS: Registry[Regularizer] = Registry("regularizer", "reglab.regularizers", Regularizer)

__all__ = ["REGULARIZERS", "Batch", "Code", "DataHook", "Place", "Regularizer", "active"]


def active(spec: object) -> list[Regularizer]:
    """The regularizers that a :class:`reglab.spec.RunSpec` switches on, in their order."""
    return [entry for entry in REGULARIZERS.entries.values() if entry.is_on(spec)]
