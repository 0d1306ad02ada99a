"""Text that people typed, in Markdown."""

from __future__ import annotations


def literal(text: str) -> str:
    """``text`` with what Markdown would read as its own made plain: a name is whatever people type."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+-.!|~$:" else c for c in text)
