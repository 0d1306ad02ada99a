"""Python code as text: literals, calls, names; and the calls of a network's forward pass."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from itertools import chain, count
from textwrap import indent

from torch import fx, nn

from reglab.exports.entry import ExportError
from reglab.models import CannotFollow, Network, Shape, follow

WIDTH = 120
TAB = "    "


def call(name: str, arguments: Sequence[str], room: int = WIDTH) -> str:
    """``name(arguments)`` on one line of at most ``room`` characters, otherwise one argument a line."""
    line = f"{name}({', '.join(arguments)})"
    return line if len(line) <= room and "\n" not in line else sequence(f"{name}(", arguments, ")")


def sequence(opening: str, items: Sequence[str], closing: str) -> str:
    """``items`` between two brackets, one a line."""
    return f"{opening}\n{indent(''.join(f'{item},{chr(10)}' for item in items), TAB)}{closing}"


def literal(value: object) -> str:
    """``value`` as Python code, strings in double quotes.

    :raises ExportError: for a type without a literal.
    """
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, int | float | bool | None):
        return repr(value)
    if isinstance(value, tuple | list):
        return brackets(value, [literal(item) for item in value])
    raise ExportError(f"A value of type {type(value).__name__} in this CNN cannot be written into a script.")


def brackets(value: Sequence[object], items: Sequence[str]) -> str:
    """``items`` as the list or the tuple that ``value`` is."""
    inside = ", ".join(items)
    return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(items) == 1 else ''})"


def flat_name(path: str) -> str:
    """A layer's name as an attribute: "layer1.0.conv1" → "layer1_0_conv1"."""
    return path.replace(".", "_")


def flat_parameter(name: str) -> str:
    """A parameter's name below its layer's flat name: "layer1.0.conv1.weight" → "layer1_0_conv1.weight"."""
    path, _, last = name.rpartition(".")
    return f"{flat_name(path)}.{last}" if path else last


def one_line(text: str, most: int = 70) -> str:
    """``text``, which a person typed, as one line that is safe in a comment or a docstring."""
    plain = "".join(c if c.isprintable() else " " for c in text).replace("\\", "/").replace('"', "'")
    plain = re.sub(r"\s+", " ", plain).strip()
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def network(model: nn.Module, shape: Shape) -> Network:
    """The calls of ``model`` for images of ``shape``, without those that do nothing.

    :raises ExportError: ``forward`` is not a fixed list of calls.
    """
    try:
        return follow(model, shape)
    except CannotFollow as error:
        raise ExportError(f"This CNN cannot be written as a script: {error}") from None


def variables(calls: Iterable[fx.Node]) -> dict[fx.Node, str]:
    """A variable for the result of each call, reused as soon as it is free: x along the trunk, y in a branch."""
    names: dict[fx.Node, str] = {}
    waiting: dict[fx.Node, int] = {}
    for node in calls:
        for argument in node.all_input_nodes:
            waiting[argument] -= sum(user is node for user in argument.users)
        taken = {names[other] for other, users in waiting.items() if users > 0}
        names[node] = next(name for name in chain("xyz", (f"x{i}" for i in count(2))) if name not in taken)
        waiting[node] = len(node.users)
    return names


def with_headings(statements: Iterable[tuple[fx.Node, Sequence[str]]]) -> str:
    """The statements of each call, with a comment where a block such as "layer1.0" begins."""
    lines: list[str] = []
    current = ""
    for node, own in statements:
        path = str(node.target).split(".")
        block = ".".join(path[:2]) if len(path) > 2 else ""
        if node.op == "call_module" and block != current:
            current = block
            lines += [f"# {block}"] if block else []
        lines += own
    return "\n".join(lines)
