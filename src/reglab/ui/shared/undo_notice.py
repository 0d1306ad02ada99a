"""How long a deletion can be undone, as pages say it where they offer to delete."""

from __future__ import annotations

from reglab.ui.shared.services import services


def undo_notice() -> str:
    """For example "Files are removed for good after 30 days."."""
    days = services().settings.undo_days
    return f"Files are removed for good after {days:,} day{'' if days == 1 else 's'}."
