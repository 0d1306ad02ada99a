"""RegLab: regularization experiments on CNNs, exact and live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reglab.lazy import lazy

if TYPE_CHECKING:
    from reglab.spec import RunSpec
    from reglab.training import train
else:
    __getattr__, __dir__ = lazy(__name__)

__all__ = ["RunSpec", "train"]
__version__ = "0.1.0"
