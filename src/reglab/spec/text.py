"""Settings as people type them, on a command line or in a URL: ``penalty.l2=1e-2``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_origin

from reglab import spec_text
from reglab.errors import SpecError, clipped, shown
from reglab.spec.part import SpecPart

Parts = Mapping[str, type[SpecPart]]


def read_assignments(assignments: Iterable[str]) -> dict[str, str]:
    """Dotted key → text of each ``KEY=VALUE``.

    :raises SpecError: one has no "=", or a key is set twice.
    """
    changes: dict[str, str] = {}
    for text in assignments:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise SpecError(f"Cannot read {shown(key)}; write part.key=value, e.g. penalty.l2=1e-2.")
        if key in changes:
            raise SpecError(f"{clipped(key)} is set twice; keep one of the two values.")
        changes[key] = value
    return changes


def value_of(key: str, value: Any, parts: Parts) -> Any:
    """Text from a URL or a shell as the value that it spells in YAML; a name stays text, whatever it looks like."""
    if not isinstance(value, str):
        return value
    if value in ("", "null", "none"):
        return None
    if _is_text(key, parts):
        return value
    return spec_text.read(value, clipped(key)) if value.startswith("{") else spec_text.scalar(value)


def _is_text(key: str, parts: Parts) -> bool:
    """Whether the setting ``key`` takes a name or a word."""
    part, _, name = key.partition(".")
    field = parts[part].model_fields.get(name)
    return field is not None and (field.annotation is str or get_origin(field.annotation) is Literal)


def text_of(value: Any) -> str:
    """A value as :func:`value_of` reads it."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
