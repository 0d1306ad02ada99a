"""RegLab: regularization experiments on CNNs, exact and live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reglab.spec import RunSpec

if TYPE_CHECKING:
    from reglab.training import train

__all__ = ["RunSpec", "train"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """``reglab.train``, imported on first use so that reading a spec does not load torch."""
    if name == "train":
        from reglab import training

        return training.train
    raise AttributeError(f"module 'reglab' has no attribute {name!r}")
