"""``reglab translate``: a λ from one convention to another, or why there is no exact equivalent."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.errors import SpecError, clipped, shown
from reglab.lazy import later
from reglab.number_text import read_named

if TYPE_CHECKING:
    from reglab import conventions
    from reglab.conventions import Combination, Context, MissingContext, Part, Translation
else:
    conventions = later("reglab.conventions")


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("value", nargs="?", metavar="VALUE", help="e.g. 0.01, or l1=1e-4,l2=0.01, or C=1,l1_ratio=0.5")
    add("--from", dest="source", metavar="NAME", help="the convention that VALUE is written in")
    add("--to", dest="target", metavar="NAME", help="the convention to translate to; default: all")
    add("--and", dest="others", action="append", default=[], metavar="NAME=VALUE", help="a further setting")
    add("--list", action="store_true", help="show the conventions with their formulas")
    context = parser.add_argument_group("context", "Needed only by some conventions.")
    add = context.add_argument
    add("--n", help="number of training examples")
    add("--batch-size", help="examples in a batch")
    add("--lr", help="learning rate")
    add("--momentum", help="momentum of SGD, 0 for plain SGD")
    add("--optimizer", help="sgd, adam, …")


def _run(arguments: argparse.Namespace, output: Output) -> int:
    if arguments.list:
        _list(output)
        return 0
    if arguments.value is None or arguments.source is None:
        raise SpecError("Nothing to translate: reglab translate VALUE --from NAME; --list shows the names.")
    parts = [conventions.Part(arguments.source, _value(arguments.value)), *map(_part, arguments.others)]
    context = _context(arguments)
    if arguments.target:
        _one(conventions.translate_parts(parts, arguments.target, context), _together(parts, context), output)
    else:
        _all(parts, context, output)
    return 0


def _one(found: Translation, together: Combination | None, output: Output) -> None:
    lines = [found.code, *([found.headline] if found.conditions else [])]
    if not found.exact:
        lines = [found.headline, found.reason, *([f"Nearest: {found.code}"] if found.code else [])]
    lines += ["", *(f"  {step.about}: {step.equation}" for step in found.steps)] if found.steps else []
    lines += ["", together.sentence] if together else []
    lines += ["", *(f"- {note}" for note in found.notes)] if found.notes else []
    output.print({**_record(found), **_doubled(together)}, "\n".join(lines))


def _all(parts: list[Part], context: Context, output: Output) -> None:
    found, together = conventions.translate_parts_to_all(parts, context), _together(parts, context)
    width = max(map(len, found))
    rows = [f"{name:<{width}}  {_cell(answer)}" for name, answer in found.items()]
    records = {name: _record(answer) for name, answer in found.items()}
    lines = [*rows, *(["", together.sentence] if together else [])]
    output.print({"from": _parts(parts), "results": records, **_doubled(together)}, "\n".join(lines))


def _list(output: Output) -> None:
    entries = conventions.CONVENTIONS.entries.values()
    width = max(len(entry.name) for entry in entries)
    lines = [f"{c.name:<{width}}  {', '.join(p.name for p in c.parameters):<15}  {c.plain}" for c in entries]
    records = [
        {"name": c.name, "label": c.label, "formula": c.plain, "tensors": c.tensors, "source": c.source}
        | {"parameters": [p.name for p in c.parameters], "needs": list(c.conversion.needs)}
        for c in entries
    ]
    output.print({"conventions": records}, "\n".join(lines))


def _cell(answer: Translation | MissingContext) -> str:
    if isinstance(answer, conventions.MissingContext):
        return f"? {answer}"
    clause = f", if {answer.condition}" if answer.conditions else ""
    if answer.exact:
        return f"= {answer.code}{clause}"
    return f"≈ {answer.code}, at rest only{clause}" if answer.code else "– no exact equivalent"


def _record(answer: Translation | MissingContext) -> dict[str, Any]:
    if isinstance(answer, conventions.MissingContext):
        return {"missing": answer.name, "reason": str(answer)}
    m = answer.meaning
    return {
        "from": _parts(answer.parts),
        "to": answer.target,
        "exact": answer.exact,
        "conditions": list(answer.conditions),
        "headline": answer.headline,
        "values": _tidy(answer.values),
        "approximation": _tidy(answer.approximation),
        "reason": answer.reason,
        "meaning": m and _tidy({"l1": m.l1, "l2": m.l2, "decay": m.decay}),
        "steps": [f"{step.about}: {step.equation}" for step in answer.steps],
        "notes": list(answer.notes),
        "code": answer.code,
    }


def _together(parts: list[Part], context: Context) -> Combination | None:
    """The joint effect of several parts; None for a single part, or if their numbers need missing context."""
    try:
        return conventions.combine(parts, context) if len(parts) > 1 else None
    except conventions.MissingContext:
        return None


def _doubled(together: Combination | None) -> dict[str, Any]:
    return {"doubled": together.doubled, "together": together.sentence} if together else {}


def _parts(parts: tuple[Part, ...] | list[Part]) -> list[dict[str, Any]]:
    return [{"name": part.name, "values": part.numbers} for part in parts]


def _tidy(values: Any) -> dict[str, Any] | None:
    """To 15 digits, so that 0.10000000000000002 prints as 0.1."""
    return values and {name: float(f"{value:.15g}") for name, value in values.items()}


def _part(text: str) -> Part:
    name, equals, value = text.partition("=")
    if not equals:
        raise SpecError(f"--and takes NAME=VALUE, such as sum-squares=0.01, not {shown(text)}.")
    return conventions.Part(name.strip(), _value(value))


def _value(text: str) -> float | dict[str, float]:
    """``"0.01"`` → 0.01, ``"l1=0.1,l2=0.2"`` → both by name."""
    if "=" not in text:
        return _number(text, "VALUE")
    pairs = [item.partition("=") for item in text.split(",")]
    if not all(equals for _, equals, _ in pairs):
        raise SpecError(f"Cannot read {shown(text)}; write name=value for each number, with decimal points.")
    names = [name.strip() for name, _, _ in pairs]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise SpecError(f"{clipped(repeated)} is given twice in {shown(text)}.")
    return {name: _number(number, clipped(name)) for name, (_, _, number) in zip(names, pairs, strict=True)}


def _number(text: str, name: str) -> float:
    """A number, or infinity: C = ∞ means no penalty."""
    return math.inf if text.strip().lower() in ("inf", "infinity", "∞") else read_named(text, name)


def _context(arguments: argparse.Namespace) -> Context:
    """Reads the numbers here rather than by argparse, so that every mistake has a clear sentence."""
    given = {name: getattr(arguments, name) for name in ("n", "batch_size", "lr", "momentum")}
    numbers: dict[str, Any] = {
        name: (_whole if name in ("n", "batch_size") else _number)(text, f"--{name.replace('_', '-')}")
        for name, text in given.items()
        if text is not None
    }
    return conventions.Context(**numbers, optimizer=arguments.optimizer)


def _whole(text: str, name: str) -> int:
    number = _number(text, name)
    return int(number) if number == number // 1 else number  # type: ignore[return-value]  # Context refuses the rest


ENTRY = Command("translate", "translate a λ between conventions", 50, _arguments, _run)
