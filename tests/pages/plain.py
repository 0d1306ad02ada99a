"""What a page says, as a person reads it: sentences that quote people are escaped against Markdown."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """``text`` without the backslashes and the invisible joiners of :func:`reglab.ui.shared.markdown.literal`."""
    return re.sub(r"\\([^A-Za-z0-9\s])", r"\1", text).replace("\N{WORD JOINER}", "")
