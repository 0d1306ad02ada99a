"""How pages say what a run is: its state as an icon and a word, names, counts, times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reglab.ui.shared.markdown import literal
from reglab.ui.shared.run_text import BADGES

GLYPHS: Mapping[str, str] = {
    "queued": "…", "running": "▶", "finished": "✓", "failed": "✕", "cancelled": "■", "interrupted": "‖",
    "diverged": "∞",
}  # fmt: skip
COLOURS: Mapping[str, str] = {state: colour for state, (_, colour) in BADGES.items()}
"""Those of the badges: names of the theme's colours, so that light and dark have their own."""


def count_of(number: int, thing: str) -> str:
    """ "1 run", "12 runs"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def named(names: Sequence[str], most: int = 5) -> str:
    """For example "“a”, “b” and 3 more", safe in Markdown."""
    shown = [f"“{literal(name)}”" for name in names[:most]]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")


def exact(moment: datetime, zone: str | None) -> str:
    """For example "2026-03-01 12:00:05 CET"; in UTC where ``zone`` is none that is known here."""
    try:
        local = moment.astimezone(ZoneInfo(zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        local = moment.astimezone(UTC)
    return f"{local:%Y-%m-%d %H:%M:%S %Z}"
