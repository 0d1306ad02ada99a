"""Which moment of a path is told of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EpochView:
    """Which epoch is told of, out of how many; ``going``: runs still train; ``newest``: there is no later one yet."""

    epoch: int
    of: int
    going: bool
    newest: bool = True

    @property
    def opening(self) -> str:
        """What comes before the verdict where it is not the last word."""
        if self.going and self.newest:
            return f"So far, after epoch {self.epoch} of {self.of}: "
        if not self.newest:
            return f"After epoch {self.epoch} of {self.of}: "
        return f"Stopped after epoch {self.epoch} of {self.of}: " if self.epoch < self.of else ""
