"""How pages say what a run is: its state as an icon and a word, and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

GLYPHS: Mapping[str, str] = {
    "queued": "…", "running": "▶", "finished": "✓", "failed": "✕", "cancelled": "■", "interrupted": "‖",
    "diverged": "∞",
}  # fmt: skip
COLOURS: Mapping[str, str] = {
    "queued": "#8a939e", "running": "#1f78b4", "finished": "#15826a", "failed": "#c0392b", "cancelled": "#8a939e",
    "interrupted": "#c2601a", "diverged": "#8a56b5",
}  # fmt: skip


def state_text(state: str) -> str:
    """For example "✓ finished"."""
    return f"{GLYPHS[state]} {state}"


def count_of(number: int, thing: str) -> str:
    """ "1 run", "12 runs"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def named(names: Sequence[str], most: int = 5) -> str:
    """For example "“a”, “b” and 3 more", safe in Markdown."""
    shown = [f"“{escaped(name)}”" for name in names[:most]]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")


def escaped(text: str) -> str:
    """``text`` with what Markdown would read as its own made plain."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+-.!|~$:" else c for c in text)
