"""Specs as text: a strict subset of YAML 1.2, and JSON, read within bounds.

Plain scalars follow the core schema of YAML 1.2: ``1e-3`` is a number, ``yes``, ``1:30`` and ``010`` are text. Anchors,
aliases, tags and duplicate keys are refused, and so is a text that is too long, too deep or too large, before its
values are built: a few hundred characters of nested aliases stand for billions of values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from reglab.errors import SpecError, shown
from reglab.lazy import later

if TYPE_CHECKING:
    import yaml
else:
    yaml = later("yaml")

LONGEST = 100_000
"""Characters that are read."""

DEEPEST, MOST_NODES = 10, 5_000

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_DIGITS = 300  # of a number; longer ones stay text


def read(text: str, what: str = "The spec") -> Any:
    """The values in the YAML or JSON document ``text``; None where it is empty. Keys of mappings are always text.

    :raises SpecError: one sentence about ``what``.
    """
    _check_length(text, what)
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        with suppress(json.JSONDecodeError):  # a flow mapping of YAML, or neither
            return read_json(text.lstrip("\ufeff"), what)
    try:
        return _Document(what).build(yaml.parse(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        line = _line(getattr(error, "problem_mark", None))
        raise SpecError(f"{what} is not valid YAML{line and f' {line}'}.") from None


def read_json(text: str, what: str = "The spec") -> Any:
    """The values in the JSON document ``text``.

    :raises SpecError: for duplicate keys, NaN, infinities, and anything too long, too deep or too large.
    :raises json.JSONDecodeError: where it is not JSON.
    """
    _check_length(text, what)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in pairs:
            if key in values:
                raise SpecError(f"{what} has {shown(key)} twice; keep one of them.")
            values[key] = value
        return values

    def constant(name: str) -> Any:
        raise SpecError(f"{what} has the value {name}, which is not a number of JSON; give a finite number.")

    try:
        values = json.loads(
            text, object_pairs_hook=unique, parse_constant=constant, parse_int=scalar, parse_float=scalar
        )
    except RecursionError:
        raise SpecError(_too_deep(what)) from None
    _check_size(values, what)
    return values


def scalar(text: str) -> Any:
    """A plain scalar by the core schema of YAML 1.2, except that a number with a leading zero (010) stays text."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text, 0)
    if not _FLOAT.fullmatch(text):
        return text
    number = float(text.replace(".inf", "inf").replace(".nan", "nan"))
    return text if number == 0 and re.search("[1-9]", text.lower().partition("e")[0]) else number  # 1e-400 is not 0


def dump(values: Any) -> str:
    """``values`` as YAML that :func:`read`, and any reader of YAML 1.1, gives back."""
    return str(yaml.dump(values, Dumper=_dumper(), sort_keys=False, allow_unicode=True))


class _Document:
    """Builds values from the events of a YAML parser, and stops at the first event that leaves the bounds."""

    def __init__(self, what: str) -> None:
        self.what, self.nodes, self.documents = what, 0, 0
        self.root: Any = None
        self.open: list[tuple[dict[str, Any] | list[Any], str | None]] = []  # containers, and the keys that wait

    def build(self, events: Iterable[yaml.Event]) -> Any:
        for event in events:
            self._check(event)
            if isinstance(event, yaml.ScalarEvent):
                self._add(_text(event.value) if event.style else scalar(event.value), event)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self._add({} if isinstance(event, yaml.MappingStartEvent) else [], event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self.open.pop()
        return self.root

    def _check(self, event: yaml.Event) -> None:
        line = _line(event.start_mark)
        if getattr(event, "anchor", None) is not None:  # an alias has the anchor that it refers to
            raise SpecError(f"{self.what} has an anchor or alias {line}; write its values out.")
        if getattr(event, "tag", None) is not None:
            raise SpecError(f"{self.what} has a tag {line}; write the value without it.")
        self.documents += isinstance(event, yaml.DocumentStartEvent)
        if self.documents > 1:
            raise SpecError(f"{self.what} has a second document {line}; keep one of them.")
        self.nodes += isinstance(event, yaml.NodeEvent)
        if self.nodes > MOST_NODES:
            raise SpecError(_too_large(self.what))
        if len(self.open) >= DEEPEST and isinstance(event, yaml.CollectionStartEvent):
            raise SpecError(_too_deep(self.what))

    def _add(self, value: Any, event: yaml.Event) -> None:
        """Put ``value`` into the innermost open container, as a key or as a value."""
        if not self.open:
            self.root = value
        elif isinstance((parent := self.open[-1])[0], list):
            parent[0].append(value)
        elif parent[1] is None:
            self.open[-1] = (parent[0], self._key(parent[0], event))
            return
        else:
            parent[0][parent[1]] = value
            self.open[-1] = (parent[0], None)
        if isinstance(value, dict | list):
            self.open.append((value, None))

    def _key(self, parent: dict[str, Any], event: yaml.Event) -> str:
        line = _line(event.start_mark)
        if not isinstance(event, yaml.ScalarEvent):
            raise SpecError(f"{self.what} has a list or mapping as a key {line}; give names.")
        key = _text(event.value)
        if key in parent:
            raise SpecError(f"{self.what} has {shown(key)} twice {line}; keep one of them.")
        return key


@cache
def _dumper() -> type[yaml.SafeDumper]:
    """One that quotes what is text although it reads as a number, and writes equal values out instead of aliases."""

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    Dumper.add_representer(str, _represent_text)
    return Dumper


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = '"' if not text.isprintable() else None if isinstance(scalar(text), str) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _text(text: str) -> str:
    """``text`` with escaped surrogate pairs joined; ValueError where half of a pair is missing."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16")


def _line(mark: Any) -> str:
    return f"(line {mark.line + 1})" if mark else ""


def _check_length(text: str, what: str) -> None:
    if len(text) > LONGEST:
        raise SpecError(f"{what} is longer than the {LONGEST:,} characters that are read; shorten it.")


def _check_size(values: Any, what: str) -> None:
    level, nodes = [values], 0
    for _ in range(DEEPEST + 1):
        nodes += len(level)
        if nodes > MOST_NODES:
            raise SpecError(_too_large(what))
        if any(isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value) for value in level):
            raise SpecError(f"{what} has half of a surrogate pair, which is no character; remove it.")
        level = [item for value in level for item in _items(value)]
        if not level:
            return
    raise SpecError(_too_deep(what))


def _items(value: Any) -> Iterable[Any]:
    return [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()


def _too_deep(what: str) -> str:
    return f"{what} is nested more than {DEEPEST} levels deep; a spec has 3."


def _too_large(what: str) -> str:
    return f"{what} has more than the {MOST_NODES:,} values that are read; shorten it."
