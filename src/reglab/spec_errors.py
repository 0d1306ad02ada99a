"""What is wrong with a spec, as one sentence of pydantic's first error."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from reglab.errors import clipped, shown, suggestion
from reglab.number_text import NotANumber, number_text, read_number

if TYPE_CHECKING:
    from reglab.spec import SpecPart

NO_NUMBER = "no_number"
"""pydantic's type of error for text where a number belongs."""

_DIGITS = re.compile(r"[0-9][0-9.]*(e[-+]?[0-9]+)?", re.IGNORECASE)
_COMMA = " In braces a comma separates settings; write decimals with a point, as in 0.01."


def sentence(
    error: ValidationError, parts: Mapping[str, type[SpecPart]], known: Sequence[str], whole: str = "The spec"
) -> str:
    """The first problem as one sentence: the key, what it must be, what it was.

    ``known`` are the keys at the top, ``parts`` the classes of a run's parts, and ``whole`` what was read.
    """
    first, n = error.errors(include_url=False)[0], error.error_count()
    key = ".".join(clipped(str(part)) for part in first["loc"]) or whole
    more = f" ({n - 1} more problem{'s' if n > 2 else ''} after this one.)" if n > 1 else ""
    if first["type"] == "extra_forbidden":
        name = str(first["loc"][-1])
        part, siblings = _beside(first["loc"], parts, known)
        siblings = [key for key in siblings if key != name]
        owners = part.owners(name) if part else []
        near = f" (only {', '.join(owners)} has it)" if owners else suggestion(name, siblings)
        comma = _COMMA if _DIGITS.fullmatch(name) else ""
        return f"Unknown setting {shown(key)}{near}. Known: {', '.join(siblings)}.{comma}{more}"
    rule = first["msg"].removeprefix("Value error, ").removeprefix("Input ").replace("Input", "it")
    rule = rule[0].lower() + rule[1:] if rule.startswith(("Should", "Must")) else rule
    if first["type"] == "value_error":
        return f"{key}: {rule}.{more}"
    is_number = first["type"].startswith(("greater", "less", "finite"))
    got = clipped(str(first["input"])) if is_number else shown(first["input"])
    hint = _meant(first["input"]) if first["type"] == NO_NUMBER else ""
    return f"{key} {rule}, not {got}{hint}.{more}"


def _meant(value: Any) -> str:
    """The number that a text is likely to mean, as a hint: "0,01" is not YAML's 0.01, nor is "010" its 10."""
    try:
        return f"; write {number_text(read_number(value))}" if isinstance(value, str) else ""
    except NotANumber as error:
        return f"; {str(error).rpartition('; ')[2].removesuffix('.')}" if "could mean" in str(error) else ""


def _beside(
    loc: tuple[int | str, ...], parts: Mapping[str, type[SpecPart]], known: Sequence[str]
) -> tuple[type[SpecPart] | None, list[str]]:
    """The part that ``loc`` is in, and the keys that it may have."""
    name = next((str(name) for name in reversed(loc[:-1]) if str(name) in parts), None)
    if name is None:
        return None, list(parts if "run" in loc[:-1] else known)
    return parts[name], parts[name].known_keys()
