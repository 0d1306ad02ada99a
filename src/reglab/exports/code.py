"""Small pieces that both kinds of script are written with: calls, literals, names, variables of a forward pass."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import indent

from torch import fx

from reglab.exports.entry import ExportError

WIDTH = 120
_TAB = "    "
_PLAIN = (int, float, bool, str, type(None))
_NAMES = ("x", "y", "z")


def call(name: str, arguments: Sequence[str], room: int = WIDTH) -> str:
    """``name(arguments)`` on one line of at most ``room`` characters, or with one argument a line."""
    line = f"{name}({', '.join(arguments)})"
    if len(line) <= room and "\n" not in line:
        return line
    return f"{name}(\n{indent(''.join(f'{argument},{chr(10)}' for argument in arguments), _TAB)})"


def sequence(opening: str, items: Sequence[str], closing: str) -> str:
    """``items`` one a line between two brackets."""
    return f"{opening}\n{indent(''.join(f'{item},{chr(10)}' for item in items), _TAB)}{closing}"


def literal(value: object) -> str:
    """``value`` as Python code with double quotes; equal numbers of a tuple, as of a square kernel, become one.

    :raises ExportError: for what has no plain notation.
    """
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, _PLAIN):
        return repr(value)
    if isinstance(value, tuple | list):
        inside = ", ".join(literal(item) for item in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
    raise ExportError(f"A value of type {type(value).__name__} in this CNN cannot be written into a script.")


def flat_name(path: str) -> str:
    """A layer's name as an attribute: "layer1.0.conv1" is ``layer1_0_conv1``."""
    return path.replace(".", "_")


def flat_parameter(name: str) -> str:
    """A parameter's name below its layer's flat name: "layer1.0.conv1.weight" is "layer1_0_conv1.weight"."""
    path, _, last = name.rpartition(".")
    return f"{flat_name(path)}.{last}" if path else last


def one_line(text: str, most: int = 70) -> str:
    """``text``, whatever a person typed, as one line that can stand in a comment or a docstring."""
    plain = "".join(c if c.isprintable() else " " for c in text).replace("\\", "/").replace('"', "'")
    plain = re.sub(r"\s+", " ", plain).strip()
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def variables(calls: Iterable[fx.Node]) -> dict[fx.Node, str]:
    """A variable for what each call gives, few and taken up again: x along the trunk, y in a branch beside it."""
    names: dict[fx.Node, str] = {}
    waiting: dict[fx.Node, int] = {}
    for node in calls:
        for argument in node.all_input_nodes:
            waiting[argument] -= sum(user is node for user in argument.users)
        taken = {names[other] for other, users in waiting.items() if users > 0}
        names[node] = next(name for name in _all_names() if name not in taken)
        waiting[node] = len(node.users)
    return names


def _all_names() -> Iterator[str]:
    yield from _NAMES
    number = 1
    while True:
        yield f"x{(number := number + 1)}"


def constants(values: Mapping[str, tuple[object, str]]) -> str:
    """``NAME = value  # comment`` lines."""
    return "\n".join(
        f"{name} = {literal(value)}" + (f"  # {comment}" if comment else "")
        for name, (value, comment) in values.items()
    )
