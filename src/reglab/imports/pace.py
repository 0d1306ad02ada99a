"""Progress of many images: how many, how fast, and how long it still takes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from reglab.datasets.dataset import Progress

_EVERY_S = 0.2


@dataclass
class Pace:
    """Reports ``what`` of ``total`` images to ``progress``, at most five times a second.

    A ``progress`` that raises cancels the import.
    """

    progress: Progress
    what: str
    total: int
    began: float = field(default_factory=time.monotonic)
    last: float = 0.0

    def report(self, done: int) -> None:
        """``done`` images of the total are through."""
        now = time.monotonic()
        if now - self.last >= _EVERY_S or done >= self.total:
            self.last = now
            self.progress(f"{self.what}: {_text(done, self.total, now - self.began)}", done / max(1, self.total))


def _text(done: int, total: int, seconds: float) -> str:
    text = f"{done:,} of {total:,} images"
    if not done or seconds <= 0:
        return text
    rate = done / seconds
    left = f", {_left((total - done) / rate)} left" if done < total else ""
    return f"{text}, {rate:,.0f} a second{left}"


def _left(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
