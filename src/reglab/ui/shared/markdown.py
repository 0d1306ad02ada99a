"""Text that people typed, in Markdown."""

from __future__ import annotations

import re

_JOINER = "\N{WORD JOINER}"  # invisible, and no line breaks at it

# What Streamlit's Markdown rewrites after it has taken escapes away: icons and emoji (":name:"), bare addresses of
# pages and of people, and arrows. Backslashes do not help there; a joiner inside does.
_REWRITTEN = re.compile(
    r"""(?P<first> :(?=[\w+-]+[:/]) | https?:(?=//) | www(?=\.) | [\w.+-](?=@)
              | (?<!\S)[<>~-](?=[->=]{1,2}(?!\S)) )""",
    re.VERBOSE | re.IGNORECASE,
)


def literal(text: str) -> str:
    """``text`` that Markdown shows as it is: a name is whatever people type."""
    joined = _REWRITTEN.sub(lambda found: found["first"] + _JOINER, text)
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+-.!|~$:&" else c for c in joined)
