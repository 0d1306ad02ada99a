"""The command line, ``reglab COMMAND …``: one file a command in :mod:`reglab.cli.commands`, found by itself."""

from __future__ import annotations

from reglab.lazy import uncollected

with uncollected():
    from reglab.cli.main import main

__all__ = ["main"]
