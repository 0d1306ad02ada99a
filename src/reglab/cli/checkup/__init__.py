"""What ``reglab doctor`` looks at: one file a part of the system, each a function that yields findings."""

from __future__ import annotations

from reglab.cli.checkup.checkup import examine
from reglab.cli.checkup.finding import Finding, Level

__all__ = ["Finding", "Level", "examine"]
