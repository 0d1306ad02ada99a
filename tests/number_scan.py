"""Numbers in text that are not written as the glossary has them: "5%" or "5 %", "-0.3", "−0.000"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_WRONG = re.compile(
    r"\d[ \u00a0]?%(?!\})"  # the space before % is U+202F; "1%}" belongs to a format of Plotly
    r"|(?:^|(?<=[\s(=:,;–/±>]))-(?=[.\d])"  # the minus is U+2212
    r"|−0(?:\.0+)?(?![.\d])"  # zero has no sign
)
_CODE = re.compile(r"\$[^$]*\$|`[^`]*`|<[^>]*>|rgba?\([^)]*\)")
_NO_TEXT = frozenset({"tickformat", "dash", "uid"})  # live_chart.js finishes what the formats of Plotly write


def wrong_numbers(texts: Iterable[str]) -> list[str]:
    """The texts with such a number outside formulas and code."""
    return [text for text in texts if _WRONG.search(_CODE.sub("", text))]


def texts_of(value: Any) -> Iterator[str]:
    """Every string in JSON that a person may read."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in _NO_TEXT:
                yield from texts_of(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_of(item)
