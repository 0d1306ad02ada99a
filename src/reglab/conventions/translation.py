"""From any convention to any other: the numbers where there is an exact equivalent, the reason where there is none.

Read the source's numbers as a :class:`Meaning`, cross between objective and decay where that is exact, write the
target's numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reglab.conventions.bridge import MOMENTUM_NEEDS, OPTIMIZER_NEEDS, cross, crosses, obstacle, same_rest
from reglab.conventions.caveats import conditions, notes
from reglab.conventions.combining import Combination, Part, Step, combine, equations
from reglab.conventions.context import OPTIMIZERS, Context, Family, MissingContext, join
from reglab.conventions.convention import CONVENTIONS, Convention, Values
from reglab.conventions.meaning import Meaning, figure
from reglab.errors import SpecError


@dataclass(frozen=True)
class Translation:
    """``parts`` expressed in ``target``.

    ``values`` only where ``exact``; otherwise ``reason`` says why there are none, and ``approximation`` holds numbers
    that come near in the sense that ``reason`` explains, if any do. Either holds only under ``conditions``. ``meaning``
    is what the parts do, None where it was not needed; ``code`` the target's own syntax with ``values`` or
    ``approximation``.
    """

    parts: tuple[Part, ...]
    target: str
    exact: bool
    meaning: Meaning | None = None
    values: Mapping[str, float] | None = None
    approximation: Mapping[str, float] | None = None
    reason: str = ""
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    code: str = ""
    conditions: tuple[str, ...] = ()

    @property
    def condition(self) -> str:
        """``conditions`` as one clause, "every column of x has variance 1 and …"; empty where there are none."""
        return join(self.conditions) if self.conditions else ""

    @property
    def headline(self) -> str:
        """How far the numbers hold, with every condition: "Exact if both act on the same tensors."."""
        clause = f" if {self.condition}" if self.conditions else ""
        if self.exact:
            return f"Exact{clause}."
        return f"No exact equivalent; the same at rest only{clause}." if self.approximation else "No exact equivalent."


def translate(
    values: float | Mapping[str, float], source: str, target: str, context: Context | None = None
) -> Translation:
    """``values`` of the convention ``source``, expressed in ``target``.

    :raises SpecError: for an unknown name, a value out of range, or context that matters and is missing.
    """
    return translate_parts([Part(source, values)], target, context)


def translate_all(
    values: float | Mapping[str, float], source: str, context: Context | None = None
) -> dict[str, Translation | MissingContext]:
    """``values`` of ``source`` in every other convention; what is missing, where something is.

    :raises SpecError: for an unknown name, or a value out of range.
    """
    return translate_parts_to_all([Part(source, values)], context)


def translate_parts_to_all(
    parts: Sequence[Part], context: Context | None = None
) -> dict[str, Translation | MissingContext]:
    """All ``parts`` at once in every convention that they do not name.

    :raises SpecError: as :func:`combine`.
    """
    combine(parts, (context or Context()).filled())
    names = {part.name for part in parts}
    return {name: _or_missing(parts, name, context) for name in CONVENTIONS.names() if {name} != names}


def translate_parts(parts: Sequence[Part], target: str, context: Context | None = None) -> Translation:
    """All ``parts`` at once on the same tensors, expressed in ``target``.

    :raises SpecError: as :func:`translate`, and as :func:`combine`.
    """
    context, goal = context or Context(), CONVENTIONS.get(target)
    if len(parts) == 1 and parts[0].name == target:
        return _unchanged(parts[0], goal, context)
    outline = combine(parts, context.filled()).meaning
    family = _agreed([*(part.convention for part in parts), goal]) or context.family
    if reason := obstacle(outline.parts, goal, family):
        return Translation(tuple(parts), target, False, reason=reason)
    context.require(_needs(outline.parts, goal, family))
    return _written(combine(parts, context), goal, context)


def needed(sources: Sequence[str], target: str | None = None, context: Context | None = None) -> tuple[str, ...]:
    """Which fields of :class:`Context` matter from ``sources`` to ``target`` (None: to any), in their order."""
    goals = CONVENTIONS.names() if target is None else [target]
    found = {name for goal in goals for name in _needed(sources, goal, context or Context())}
    return tuple(name for name in Context.__dataclass_fields__ if name in found)


def _needed(sources: Sequence[str], target: str, context: Context) -> set[str]:
    goal, given = CONVENTIONS.get(target), [CONVENTIONS.get(name) for name in sources]
    if [target] == list(sources):
        return set()
    parts = frozenset().union(*(c.conversion.parts for c in given))
    family = _agreed([*given, goal]) or context.family
    alone = next((part for part in sorted(parts) if obstacle(frozenset({part}), goal, family) is None), None)
    if alone is None:
        return set()
    names = {name for c in given for name in c.conversion.needs} | set(goal.conversion.needs)
    if crosses(parts, goal):
        names |= {"optimizer"} if _agreed([*given, goal]) is None else set()
        names |= {"momentum"} if family != "adaptive" else set()
    return names


def _or_missing(parts: Sequence[Part], target: str, context: Context | None) -> Translation | MissingContext:
    try:
        return translate_parts(parts, target, context)
    except MissingContext as missing:
        return missing


def _agreed(conventions: Sequence[Convention]) -> Family | None:
    """The family of the optimizer that decides: an adaptive one on either side, else SGD on either."""
    families = {c.family for c in conventions}
    return "adaptive" if "adaptive" in families else "sgd" if "sgd" in families else None


def _needs(outline: frozenset[str], goal: Convention, family: Family | None) -> dict[str, str]:
    needs = dict(goal.conversion.needs) if outline else {}
    if not crosses(outline, goal):
        return needs
    return {**({} if family else OPTIMIZER_NEEDS), **MOMENTUM_NEEDS, **needs}


def _unchanged(part: Part, goal: Convention, context: Context) -> Translation:
    values = part.numbers
    step = Step("The same convention: nothing to convert", ", ".join(f"{k} = {figure(v)}" for k, v in values.items()))
    return Translation((part,), goal.name, True, None, values, steps=(step,), code=code(goal, values, context))


def _written(combined: Combination, goal: Convention, context: Context) -> Translation:
    """The numbers of ``goal``, by way of a crossing where one is due."""
    meaning, steps, momentum = combined.meaning, list(combined.steps), 0.0
    crossed = crosses(meaning.parts, goal)
    if crossed:
        momentum = context.momentum or 0.0
        meaning, step = cross(meaning, goal, momentum)
        steps.append(step)
    values = goal.conversion.write(meaning, context if meaning.parts else context.filled())
    _finite(goal, values)
    if meaning.parts:
        lines = equations(goal.conversion.writing, values, meaning, context)
        steps += [Step(f"{goal.label} writes {goal.plain}", line) for line in lines]
    sources = [part.convention for part in combined.parts]
    parts = combined.meaning.parts | meaning.parts
    found = Translation(
        combined.parts,
        goal.name,
        exact=not momentum,
        meaning=combined.meaning,
        steps=tuple(steps),
        notes=notes(sources, goal, meaning),
        code=code(goal, values, _named(context, sources)),
        conditions=conditions(sources, goal, parts, crossed and not momentum, context),
    )
    if not momentum:
        return replace(found, values=values)
    numbers = f"{goal.label} with {join(f'{name} = {figure(value)}' for name, value in values.items())}"
    return replace(found, approximation=values, reason=same_rest(momentum, numbers))


def _named(context: Context, sources: Sequence[Convention]) -> Context:
    """With AdamW as the optimizer where a source is adaptive and no optimizer is given."""
    adaptive = context.optimizer is None and any(source.family == "adaptive" for source in sources)
    return replace(context, optimizer="adamw") if adaptive else context


def _finite(goal: Convention, values: Mapping[str, float]) -> None:
    allowed = {p.name for p in goal.parameters if p.inverse}
    for name, value in values.items():
        if math.isnan(value) or (math.isinf(value) and name not in allowed):
            raise SpecError(f"{name} of {goal.label} would be too large for a floating-point number; use a smaller λ.")


def code(convention: Convention, values: Values, context: Context) -> str:
    """The convention's own syntax with these numbers; ``lr`` stays a name where it is not given."""
    lr = "lr" if context.lr is None else literal(context.lr)
    momentum = f", momentum={literal(context.momentum)}" if context.momentum else ""
    fields = {
        "sgd": f"lr={lr}{momentum}",
        "adam": f"lr={lr}",
        "lr_value": lr,
        "batch_size": "batch_size" if context.batch_size is None else str(int(context.batch_size)),
        "keras_lr": f"learning_rate={lr}{'' if context.family == 'adaptive' else momentum}",
        "keras_optimizer": OPTIMIZERS[context.optimizer or "sgd"].keras,
        "solver": ', solver="saga"' if values.get("l1_ratio") else "",  # scikit-learn's others know no L1
    }
    return convention.code.format_map({**fields, **{name: literal(value) for name, value in values.items()}})


def literal(value: float) -> str:
    """``value`` as one types it, to 12 digits: 0.005, 1e-05, 400; ``float("inf")`` for ∞."""
    return 'float("inf")' if math.isinf(value) else f"{value:.12g}"
