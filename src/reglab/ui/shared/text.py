"""How pages write names, numbers, durations and times. Pure text: no Streamlit.

Plain numbers and shares are those of :mod:`reglab.number_format`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reglab.number_format import fixed, short

_JOINER = "\N{WORD JOINER}"  # invisible, and no line breaks at it

# What Streamlit's Markdown rewrites after it has taken escapes away: icons and emoji (":name:"), bare addresses of
# pages and of people, and arrows. Backslashes do not help there; a joiner inside does.
_REWRITTEN = re.compile(
    r"""(?P<first> :(?=[\w+-]+[:/]) | https?:(?=//) | www(?=\.) | [\w.+-](?=@)
              | (?<!\S)[<>~-](?=[->=]{1,2}(?!\S)) )""",
    re.VERBOSE | re.IGNORECASE,
)


def literal(text: str) -> str:
    """``text`` escaped so that Markdown shows it as it is: people name things as they like."""
    joined = _REWRITTEN.sub(lambda found: found["first"] + _JOINER, text)
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+-.!|~$:&" else c for c in joined)


def count_of(number: int, thing: str) -> str:
    """ "1 run", "12 runs"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def named(names: Sequence[str], most: int = 5) -> str:
    """For example "“a”, “b” and 3 more", safe in Markdown."""
    shown = [f"“{literal(name)}”" for name in names[:most]]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")


def loss(value: float | None) -> str:
    """A loss with three significant digits; "–" if there is none, "not finite" if it is no number."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "not finite"
    return fixed(value, max(2 - math.floor(math.log10(abs(value))), 0)) if abs(value) >= 1e-3 else short(value, 3)


def duration(seconds: float) -> str:
    """For example "4 s", "3 min 20 s", "2 h 5 min"; begun seconds count."""
    whole = math.ceil(max(seconds, 0))
    minutes, s = divmod(whole, 60)
    hours, m = divmod(minutes, 60)
    if hours:
        return f"{hours} h {m} min"
    return f"{m} min {s} s" if m else f"{s} s"


def local_time(moment: datetime, zone: str | None) -> str:
    """For example "2026-03-01 12:00:05 CET"; in UTC if ``zone`` is unknown."""
    try:
        local = moment.astimezone(ZoneInfo(zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        local = moment.astimezone(UTC)
    return f"{local:%Y-%m-%d %H:%M:%S %Z}"
